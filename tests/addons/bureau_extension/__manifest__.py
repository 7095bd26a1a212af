{
    "name": "What another bureau adds",
    "summary": "A field of the visit, a column of the item list, a sealed model: for tests/upgrade",
    "version": "19.0.1.0.0",
    "category": "Services/Supervision",
    "author": "SRSP contributors",
    "license": "LGPL-3",
    "depends": ["srsp_disclosure"],
    "data": ["security/ir.model.access.csv"],
}
