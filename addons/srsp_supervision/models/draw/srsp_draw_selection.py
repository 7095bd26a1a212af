import math

from odoo import models
from odoo.tools import SQL

from ...tools import vrs
from ...tools.sql import planned

# A scan that hashes gains from a second core; PostgreSQL does not know how dear a hash is.
PARALLEL = {
    "max_parallel_workers_per_gather": "1",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
}

ALL = b"\xff" * 33  # no position of 32 bytes is higher


class SrspDrawIteration(models.Model):
    """Whom an iteration draws: the lowest positions of each stratum among those never drawn.

    It runs inside PostgreSQL: HMAC is two of its built-in ``sha256`` with constant pads; ``tools/vrs.py`` is the
    reference that a test holds equal.
    """

    _inherit = "srsp.draw.iteration"

    def _select(self, prk):
        """Mark the lines that this iteration draws under ``prk`` (bytes)."""
        places = {key: number for key, number in self._get_places().items() if number}
        if not places:
            return
        self.env.flush_all()
        self._find(prk, places)
        query = SQL(
            """UPDATE srsp_draw_line line SET iteration = %s, position = encode(chosen.position, 'hex')
                 FROM srsp_chosen chosen WHERE line.ctid = chosen.spot""",
            self.number,
        )
        # Each row is fetched from its spot; PostgreSQL would rather hash the whole roster.
        with planned(self.env.cr, enable_hashjoin="off", enable_mergejoin="off"):
            self.env.cr.execute(query)
        self.env["srsp.draw.line"].invalidate_model()

    def _find(self, prk, places):
        """Make the temporary table ``srsp_chosen`` (spot, position) of the lines to draw.

        A row is known by its place in the table, which nothing moves as long as this transaction reads it.

        :param places: ``{stratum: number}``; a stratum that runs out gives what is left
        """
        bounds = self._get_bounds(places)
        self._collect(prk, bounds)
        found = dict(
            self.env.execute_query(
                SQL("SELECT stratum, count(*) FROM srsp_selection GROUP BY stratum")
            )
        )
        if any(
            found.get(key, 0) < places[key] for key, below in bounds if below != ALL
        ):
            self._collect(prk, [(key, ALL) for key in places])
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMP TABLE srsp_chosen ON COMMIT DROP AS
                SELECT spot, position
                  FROM (SELECT spot, stratum, position,
                               row_number() OVER (PARTITION BY stratum ORDER BY position) AS place
                          FROM srsp_selection) ranked
                  JOIN (VALUES %s) wanted (key, number) ON key = stratum AND place <= number
                """,
                SQL(", ").join(
                    SQL("(%s::varchar, %s)", *item) for item in places.items()
                ),
            )
        )

    def _get_bounds(self, places):
        """``[(stratum, below), …]``: positions below it are worth ranking.

        Of N positions, spread evenly, k lie below k/N on the average; six standard deviations more than k
        and at least k of them do, but for one case in a thousand million, which ``_find`` notices.
        """
        drawn = dict(
            self.env.execute_query(
                SQL(
                    """SELECT stratum, count(*) FROM srsp_draw_line WHERE draw_id = %s AND iteration IS NOT NULL
                        GROUP BY stratum""",
                    self.draw_id.id,
                )
            )
        )
        sizes = {stratum["key"]: stratum["size"] for stratum in self.draw_id.strata}
        bounds = []
        for key, wanted in places.items():
            size = max(sizes.get(key, 0) - drawn.get(key, 0), 1)
            share = min(wanted / size, 1.0)
            share = (wanted + 6 * math.sqrt(wanted * (1 - share)) + 10) / size
            below = int(share * 2**64) << 192
            bounds.append((key, below.to_bytes(32, "big") if share < 1 else ALL))
        return bounds

    def _collect(self, prk, bounds):
        """Make the temporary table ``srsp_selection`` (spot, stratum, position) of those below their bounds."""
        ipad, opad = vrs.hmac_pads(prk)
        self.env.cr.execute("DROP TABLE IF EXISTS srsp_selection, srsp_chosen")
        with planned(self.env.cr, **PARALLEL):
            self.env.cr.execute(
                SQL(
                    """
                    CREATE TEMP TABLE srsp_selection ON COMMIT DROP AS
                    SELECT spot, stratum, position
                      FROM (SELECT ctid AS spot, stratum, sha256(%(opad)s || sha256(
                                   %(ipad)s || convert_to(label, 'UTF8') || '\\x01'::bytea)) AS position
                              FROM srsp_draw_line
                             WHERE draw_id = %(draw)s AND excluded_reason IS NULL AND iteration IS NULL) line
                     WHERE position < CASE stratum %(bounds)s END
                    """,
                    draw=self.draw_id.id,
                    ipad=ipad,
                    opad=opad,
                    bounds=SQL(" ").join(
                        SQL("WHEN %s THEN %s::bytea", *bound) for bound in bounds
                    ),
                )
            )
