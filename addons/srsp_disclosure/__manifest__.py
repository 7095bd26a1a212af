{
    "name": "SRSP Disclosure",
    "summary": "Publishes lists, plans, draws and results, and delivers them to credit platforms",
    "version": "19.0.1.0.0",
    "category": "Services/Supervision",
    "author": "SRSP contributors",
    "license": "LGPL-3",
    "depends": ["srsp_supervision", "website"],
    "external_dependencies": {"python": ["requests"]},
    "data": [],
    "demo": [],
    "application": True,
}
