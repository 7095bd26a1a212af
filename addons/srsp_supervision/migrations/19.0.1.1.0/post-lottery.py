"""The first entry of a lottery result stood in clear until the second: where one waits, two people start again."""


def migrate(cr, version):
    cr.execute(
        "UPDATE srsp_draw SET entry = NULL, entered_by_id = NULL WHERE entry IS NOT NULL"
    )
