{
    "name": "SRSP Supervision",
    "summary": "Random selection of whom to inspect and who inspects, verifiable by anyone",
    "version": "19.0.1.0.0",
    "category": "Services/Supervision",
    "author": "SRSP contributors",
    "license": "LGPL-3",
    "depends": ["mail"],
    "external_dependencies": {"python": ["holidays", "python-stdnum"]},
    "data": [],
    "demo": [],
    "application": True,
}
