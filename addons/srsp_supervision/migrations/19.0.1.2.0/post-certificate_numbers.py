"""The number of the longest certificate is read where it stands, by those who may read certificates."""


def migrate(cr, version):
    cr.execute("ALTER TABLE srsp_inspector DROP COLUMN IF EXISTS certificate_number")
