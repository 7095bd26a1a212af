"""Targets marked by hand become entries of the registry of key targets, listed by whoever marked them."""


def migrate(cr, version):
    cr.execute(
        """
        INSERT INTO srsp_key_target (target_id, company_id, division_id, sector_id, for_other, reason, origin, state,
                                     proposed_by_id, proposed_on, listed_by_id, listed_on, decided_by_id, decided_on,
                                     create_uid, create_date, write_uid, write_date)
        SELECT id, company_id, division_id, sector_id, TRUE, coalesce(key_reason, '-'), 'manual', 'listed',
               coalesce(key_by_id, 1), coalesce(key_date, create_date::date), coalesce(key_by_id, 1),
               coalesce(key_date, create_date::date), coalesce(key_by_id, 1), coalesce(key_date, create_date::date),
               1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
          FROM srsp_target
         WHERE is_key AND id NOT IN (SELECT target_id FROM srsp_key_target)
        """
    )
