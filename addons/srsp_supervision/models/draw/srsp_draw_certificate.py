import hashlib
import io
import itertools
import json
from datetime import datetime
from operator import itemgetter

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools import canonical, eligibility, verify_draw
from ...tools import certificate as cert
from ...tools.clock import iso
from ...tools.json_diff import first_difference
from ...tools.sql import digest_rows, planned

CHUNK = 5000  # rows
LOCK_SEALS = ("draw.identified", "draw.committed")
# Events that seal the certificate; the others of a draw seal something else about it.
SEALS = "draw.drawn draw.substituted draw.extended draw.withdrawn draw.voided".split()
# Fields that a commitment, or an entry of ``iterations``, has as they are; empty ones as an empty text or list.
COMMITTED = (
    "n code_hex roster_digest_hex excluded_digest_hex inspectors_digest_hex eligibility_root_hex"
    " strata team_size experts units"
).split()
TEXTS = "kind reason witnesses one_time_code_hex randomness_hex signature_hex".split()
ROWS = "entered_by unavailable places withdrawn".split()


class SrspDraw(models.Model):
    """What a draw seals and publishes, its commitment and its certificate; whether it is still what was sealed.

    Outsiders see labels alone. So that nobody gives a label to another target or inspector afterwards, the chain
    seals salted digests of what the labels stand for, right before the commitment, whose published link covers them
    too. Only auditors may read the salt: without it nobody can try out who is behind a label.

    Neither do outsiders read why a target was left out, nor what a stratum is: a competitor could tell a risk class, or
    that a case is open. Numbers and salted digests stand for them, which are opened to whom they are about
    (``_get_opening``).
    """

    _inherit = "srsp.draw"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _get_lock_seals(self):
        """Return ``{kind of event: payload}``: what the lock seals of the draw as it stands now.

        The roster's own digests are taken as they are stored: the lines are compared by the other event. All of a draw
        keeps the format of its certificate, which is fixed: the check compares it whole.
        """
        inspectors = {"inspectors_digest_hex": cert.inspectors_digest(self.inspectors)}
        seals = (self._prepare_identities(), self._get_commitment() | inspectors)
        version = {"format": self.certificate_format}
        return {
            kind: version | seal for kind, seal in zip(LOCK_SEALS, seals, strict=True)
        }

    def _prepare_identities(self):
        draw = self.sudo()
        people = [draw.inspectors, draw.inspector_refs, draw.classes]
        salted = bytes.fromhex(draw.eligibility_salt) + canonical.dumps(people)
        return {
            "number": draw.number,
            "task_id": draw.task_id.id,
            "item_ids": sorted(draw.task_id.item_ids.ids),
            "head": draw.head,
            "people_digest_hex": hashlib.sha256(salted).hexdigest(),
            "lines_digest_hex": draw._digest_lines(),
        }

    def _digest_lines(self):
        """Return the salted digest of the roster's lines as PostgreSQL writes them: none is read into Python."""
        digest = hashlib.sha256(bytes.fromhex(self.sudo().eligibility_salt))
        query = SQL(
            """SELECT label, stratum, excluded_reason, target_id, entity_id, class_index
                 FROM srsp_draw_line WHERE draw_id = %s ORDER BY label COLLATE "C" """,
            self.id,
        )
        self.env.flush_all()
        digest_rows(self.env.cr, query, digest)
        return digest.hexdigest()

    def _get_commitment(self):
        """Return what is published when the roster is locked, before any randomness exists."""
        self.ensure_one()
        commitment = {
            **{name: self[name] for name in COMMITTED},
            "strata": self._get_public_strata(),
            "officer_cap": self.officer_cap or None,
            "randomness": {
                "source": self.randomness_kind,
                "lottery": self.lottery or "",
                "announced_for": iso(self.announced_for),
                "statement": self.randomness_statement,
                "bits_needed": cert.bits_needed(self.strata),
            },
        }
        if self.drand:
            commitment["randomness"]["drand"] = self.drand
        if self.external:
            commitment["external"] = self.external
        return commitment

    def _get_public_strata(self):
        """Return the strata by their labels, ascending, each with the digest that hides its key."""
        if not self.stratum_labels:
            return self.strata
        strata, secret = [], self._get_secret()
        for stratum in self.strata:
            key = stratum["key"]
            label = self._get_stratum_label(key)
            digest = cert.hide(secret, "stratum", label, key)
            strata.append({**stratum, "key": label, "name_digest_hex": digest})
        return sorted(strata, key=itemgetter("key"))

    def _get_secret(self):
        """Return what every salt of this draw derives from."""
        return bytes.fromhex(self.sudo().eligibility_salt)

    def _stream_public_roster(self, *more):
        """Return the rows (label, stratum's label, …) of the roster, ascending by the label's bytes.

        :param more: further columns
        """
        rows = self._stream_roster(SQL(", ".join(["label", "stratum", *more])))
        return _put_labels(rows, self.stratum_labels) if self.stratum_labels else rows

    def _stream_public_excluded(self):
        """Return the rows (label, digest that hides the reason) of the excluded targets."""
        rows = self._query_excluded()
        secret = self._get_secret()
        return (
            (label, cert.hide(secret, "excluded", label, reason))
            for label, reason in rows
        )

    def _get_opening(self, line):
        """Return what proves to anybody who has the certificate why ``line`` was left out, or what its stratum is.

        :raise UserError: when nothing about it is hidden
        """
        if line.excluded_reason:
            kind, label, value = "excluded", line.label, line.excluded_reason
        else:
            kind, label = "stratum", self._get_stratum_label(line.stratum)
            value = line.stratum
        if kind == "stratum" and label == value:
            raise UserError(
                self.env._(
                    "%(target)s: the certificate of draw %(draw)s hides nothing about it.",
                    target=line.label,
                    draw=self.number,
                )
            )
        return {
            "format": "srsp-draw-opening/1",
            "draw": self.number,
            "label": line.label,
            "kind": kind,
            "value": value,
            "salt_hex": cert.opening_salt(self._get_secret(), kind, label).hex(),
        }

    def _check_locked(self):
        """Raise unless everything that the lock fixed is still as it was sealed."""
        live, events = self._get_lock_seals(), self._get_events(LOCK_SEALS)
        sealed = {event.kind: json.loads(event.payload) for event in events}
        if found := first_difference(sealed, json.loads(canonical.dumps(live))):
            raise self._logged_error(
                self.env._(
                    "Draw %(draw)s is no longer what was sealed when its roster was locked (%(path)s): it has been"
                    " changed in the database. Have the integrity chain checked, and void the draw.",
                    draw=self.number,
                    path=found[0],
                )
            )

    def _get_sealed_time(self):
        """Return the time that the sealed commitment announces, whatever the row says."""
        [event] = self._get_events(["draw.committed"])
        sealed = json.loads(event.payload)["randomness"]["announced_for"]
        return datetime.fromisoformat(sealed).replace(tzinfo=None)

    def _seal(self, kind):
        return self.env["srsp.event"]._seal(self, kind, self._get_sealed())

    def _get_sealed(self):
        """Return what the chain seals: the certificate without roster, excluded and chain."""
        self.ensure_one()
        iterations = self.iteration_ids.filtered("one_time_code_hex")
        iterations.flush_recordset(["teams"])
        void = self.void_request_id.sudo()
        # A field would copy each of the many lists once more.
        query = SQL(
            "SELECT number, teams FROM srsp_draw_iteration WHERE id IN %s ORDER BY number",
            tuple(iterations.ids) or (None,),
        )
        stored = self.env.execute_query(query)
        teams = [[number, *team] for number, rows in stored for team in rows]
        return {
            "format": self.certificate_format,
            "draw": {
                "number": self.number,
                **self.head,
                "state": self.state,
                "void_reason": self.void_reason or "",
                **({"void_request": void.approval} if void else {}),
                "randomness_obtained_hex": self.iteration_ids[:1].randomness_hex or "",
                "locked_at": iso(self.locked_at),
                "drawn_at": iso(self.drawn_at) if self.drawn_at else None,
            },
            "commitment": self._get_commitment(),
            "witnesses": [one._get_certificate_row() for one in self.witness_ids],
            "iterations": [self._prepare_iteration(one) for one in iterations],
            "assignment": {
                "inspectors": self.inspectors,
                "eligibility": self._get_eligibility(),
                "visits": [team[:2] for team in teams],
                "teams": teams,
            },
        }

    def _prepare_iteration(self, iteration):
        request = iteration.request_id.sudo()
        return {
            "number": iteration.number,
            **({"request": request.approval} if request else {}),
            **{name: iteration[name] or "" for name in TEXTS},
            **{name: iteration[name] or [] for name in ROWS},
            "drawn_at": iso(iteration.drawn_at),
            "places": sorted(
                [self._get_stratum_label(key), number]
                for key, number in iteration.places or []
            ),
            "selected": self._query_selected(iteration.number),
        }

    def _query_selected(self, number):
        """Return the rows (label, stratum's label, position) that an iteration drew, by stratum, then position."""
        rows = self._query_lines(
            SQL("label, stratum, position"), SQL("iteration = %s", number)
        )
        return sorted(
            _put_labels(rows, self.stratum_labels or {}), key=itemgetter(1, 2)
        )

    def _get_eligibility(self):
        """Return the classes of the drawn targets, with the proof that they belong to the committed root."""
        draw = self.sudo()
        rows = self._query_lines(
            SQL("label, class_index"),
            SQL('iteration IS NOT NULL ORDER BY label COLLATE "C"'),
        )
        if not rows:
            root = self.eligibility_root_hex  # nothing is opened: the whole tree
            return {"classes": [], "openings": [], "siblings": [root]}
        blinds, siblings = eligibility.open(
            draw._stream_leaves(),
            bytes.fromhex(draw.eligibility_salt),
            {label for label, _number in rows},
        )
        shown = {}
        openings = [
            [label, shown.setdefault(number, len(shown)), blinds[label].hex()]
            for label, number in rows
        ]
        return {
            "classes": [draw.classes[number] for number in shown],
            "openings": openings,
            "siblings": [sibling.hex() for sibling in siblings],
        }

    def _stream_leaves(self):
        """Return the rows (label, class in hexadecimal) of the roster, ascending by the label's bytes."""
        classes = self.classes
        rows = self._stream_roster(SQL("label, class_index"))
        return ((label, classes[index]) for label, index in rows)

    def _get_certificate_event(self):
        """Return the event that seals the certificate in force."""
        return self._get_events(SEALS, limit=1)

    def _get_events(self, kinds, limit=None):
        domain = [
            ("res_model", "=", self._name),
            ("res_id", "=", self.id),
            ("kind", "in", kinds),
        ]
        return self.env["srsp.event"].sudo().search(domain, limit=limit)

    def _get_chain_link(self, event):
        return {
            "sequence": event.sequence,
            "kind": event.kind,
            "previous_hash_hex": event.previous_hash,
            "hash_hex": event.hash,
        }

    def _get_certificate(self):
        """Return the certificate (``srsp-draw-certificate/2``, readme/CERTIFICATE.md) as a dict: for small rosters."""
        return json.loads(self._dump_certificate())

    def _find_difference(self):
        """Return the first difference that the verifier finds in the certificate, or an empty text."""
        try:
            verify_draw.verify(verify_draw.load(self._dump_certificate()))
        except (verify_draw.Difference, verify_draw.BadInput) as difference:
            return str(difference)
        return ""

    def _dump_certificate(self):
        """Return the certificate of the draw as it stands now, in canonical JSON."""
        file = io.BytesIO()
        self._write_certificate(file.write, self._get_sealed())
        return file.getvalue()

    def _write_certificate(self, write, sealed=None):
        """Pass the certificate to ``write`` as pieces of canonical JSON.

        Memory grows with what was drawn, not with the roster.

        :param dict sealed: what to write instead of what the chain has sealed
        """
        event = self._get_certificate_event()
        if event and not sealed:
            parts = {key: [text] for key, text in _split(event.payload)}
        else:
            sealed = sealed or self._get_sealed()
            parts = {key: [canonical.dumps(value)] for key, value in sealed.items()}
        if event:
            parts["chain"] = [canonical.dumps(self._get_chain_link(event))]
        parts["roster"] = _in_chunks(self._stream_public_roster())
        parts["excluded"] = _in_chunks(self._stream_public_excluded())
        separator = b"{"
        for key, chunks in sorted(parts.items()):
            write(separator + canonical.dumps(key) + b":")
            for chunk in chunks:
                write(chunk)
            separator = b","
        write(b"}")

    def _get_inspections(self):
        """Return the visits that have not been cancelled, by the labels of the lock.

        :return: ``{first label: [{targets, officers, experts}, …]}``, all of them labels; a target or inspector without
            one is given by name
        """
        self.env.flush_all()
        query = SQL(
            """SELECT visit.id, array_agg(DISTINCT coalesce(
                          line.label, concat(target.code, ' (', entity.name, ')')))
                 FROM srsp_inspection visit
                 JOIN srsp_entity entity ON entity.id = visit.entity_id
            LEFT JOIN srsp_inspection_line item ON item.inspection_id = visit.id
            LEFT JOIN srsp_target target ON target.id = item.target_id
            LEFT JOIN srsp_draw_line line ON line.draw_id = visit.draw_id AND line.iteration IS NOT NULL
                  AND line.target_id = item.target_id AND line.entity_id = visit.entity_id
                WHERE visit.draw_id = %s AND visit.stage != 'cancelled' GROUP BY visit.id ORDER BY visit.id""",
            self.id,
        )
        # PostgreSQL has no statistics of visits just created, and would choose nested loops.
        with planned(self.env.cr, enable_nestloop="off"):
            visits = self.env.execute_query(query)
        officers = self._get_members("officer_ids")
        # Where no experts were drawn, the team may bring its own.
        experts = self._get_members("expert_ids") if self.experts else {}
        inspections = {}
        for visit, labels in visits:
            inspections.setdefault(min(labels), []).append(
                {
                    "targets": sorted(labels),
                    "officers": sorted(officers.get(visit, [])),
                    "experts": sorted(experts.get(visit, [])),
                }
            )
        return inspections

    def _get_members(self, name):
        """Return ``{visit id: [label, …]}`` of the field ``name`` of this draw's visits."""
        field = self.env["srsp.inspection"]._fields[name]
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT visit.id, array_agg(coalesce(
                                  ref.key, concat(inspector.staff_number, ' (', inspector.name, ')')))
                         FROM srsp_inspection visit
                         JOIN %(table)s member ON member.%(visit)s = visit.id
                         JOIN srsp_inspector inspector ON inspector.id = member.%(inspector)s
                    LEFT JOIN jsonb_each_text(%(refs)s::jsonb) ref ON ref.value::int = inspector.id
                        WHERE visit.draw_id = %(draw)s GROUP BY visit.id""",
                    table=SQL.identifier(field.relation),
                    visit=SQL.identifier(field.column1),
                    inspector=SQL.identifier(field.column2),
                    refs=json.dumps(self.sudo().inspector_refs),
                    draw=self.id,
                )
            )
        )


def _split(text):
    """``(key, value as it is written)`` of a JSON object without white space, which is not empty."""
    decoder, place = json.JSONDecoder(), 1
    while place < len(text):
        key, start = decoder.raw_decode(text, place)
        _value, end = decoder.raw_decode(text, start + 1)
        yield key, text[start + 1 : end].encode()
        place = end + 1


def _put_labels(rows, labels):
    """Return the rows (label, stratum's key, …) with the stratum's label: column by column, without a step per row."""

    def put(part):
        names, keys, *more = zip(*part, strict=True)
        return zip(names, map(labels.get, keys, keys), *more, strict=True)

    rows = iter(rows)
    parts = iter(lambda: list(itertools.islice(rows, CHUNK)), [])
    return itertools.chain.from_iterable(map(put, parts))


def _in_chunks(rows):
    """Canonical JSON of ``rows`` of texts, in pieces."""
    rows, separator = iter(rows), b"["
    while chunk := list(itertools.islice(rows, CHUNK)):
        text = json.dumps(chunk, ensure_ascii=False, separators=(",", ":"))
        yield separator + text[1:-1].encode()
        separator = b","
    yield b"]" if separator == b"," else b"[]"
