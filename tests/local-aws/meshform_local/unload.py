"""An Athena UNLOAD, read far enough to say whether it could run: nothing is computed and nothing is written.

Source: Athena: UNLOAD (syntax; the target must hold no data), Lake Formation: column-level access. `SELECT *` is
refused by our rule: with tag grants it silently loses columns that somebody classifies anew.
"""

import re
from dataclasses import dataclass

from . import catalog_view, lake_store, reads
from .principals import Actor

_NAME = r'(?:"(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_]*)'
_UNLOAD = re.compile(
    rf"\s*UNLOAD\s*\(\s*SELECT\s+(?P<columns>.+?)\s+FROM\s+(?P<table>{_NAME}(?:\s*\.\s*{_NAME}){{0,2}})(?P<rest>.*?)\)"
    r"\s*TO\s*'s3://(?P<bucket>[^/']+)/(?P<prefix>[^']*)'\s*WITH\s*\((?P<options>.*)\)\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_COLUMN = re.compile(rf"(?P<name>{_NAME})(?:\s+(?:AS\s+)?{_NAME})?", re.IGNORECASE)
_FORMAT = re.compile(r"\bformat\s*=\s*'(PARQUET|ORC|AVRO|JSON|TEXTFILE)'", re.IGNORECASE)
_JOINS = re.compile(r"\b(JOIN|UNION|INTERSECT|EXCEPT)\b|^\s*,", re.IGNORECASE)

# (bucket, prefix) that an UNLOAD has written to.
_used: set[tuple[str, str]] = set()


class Failed(Exception):
    """The query would fail, with this reason."""


@dataclass(frozen=True)
class Unload:
    """What a statement says."""

    database: str | None
    table: str
    columns: tuple[str, ...]
    # Quoted names behind FROM: columns of the filter.
    filtered: tuple[str, ...]
    bucket: str
    prefix: str


def reset() -> None:
    """Forget the prefixes."""
    _used.clear()


def is_unload(query: str) -> bool:
    """Whether a statement is an UNLOAD at all."""
    return query.lstrip().upper().startswith("UNLOAD")


def _plain(name: str) -> str:
    return (name[1:-1].replace('""', '"') if name.startswith('"') else name).lower()


def _split(columns: str) -> list[str]:
    parts = re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', columns)
    return [part.strip() for part in parts]


def parse(query: str) -> Unload:
    """Read a statement; what we cannot read is refused rather than waved through."""
    found = _UNLOAD.fullmatch(query)
    if not found:
        raise Failed("mismatched input: the local AWS reads `UNLOAD (SELECT a, b FROM db.t ..) TO 's3://..' WITH (..)`")
    if not _FORMAT.search(found["options"]):
        raise Failed("UNLOAD needs the property format")
    if _JOINS.search(found["rest"]):
        raise Failed("the local AWS reads an UNLOAD of one table")
    columns = []
    for part in _split(found["columns"]):
        column = _COLUMN.fullmatch(part)
        if part == "*" or part.endswith(".*"):
            raise Failed("our rule: an UNLOAD names its columns, never *")
        if not column:
            raise Failed(f"our rule: an UNLOAD selects columns by name, not {part!r}")
        columns.append(_plain(column["name"]))
    path = [_plain(name) for name in re.findall(_NAME, found["table"])]
    # Literals are taken away first: a quoted name inside one is text.
    filtered = re.findall(r'"(?:[^"]|"")+"', re.sub(r"'(?:[^']|'')*'", "''", found["rest"]))
    return Unload(
        path[-2] if len(path) > 1 else None,
        path[-1],
        tuple(columns),
        tuple(_plain(name) for name in filtered),
        found["bucket"],
        found["prefix"].strip("/"),
    )


def run(actor: Actor, region: str, query: str, default_database: str | None) -> dict:
    """Check one UNLOAD on a role's rights and take its prefix; answers what it would have done."""
    statement = parse(query)
    database = statement.database or (default_database or "").lower()
    seen = catalog_view.find(actor.account, region, database, statement.table)
    if seen is None:
        raise Failed(f"TABLE_NOT_FOUND: Table 'awsdatacatalog.{database}.{statement.table}' does not exist")
    reason = reads.refusal(actor, region, database, statement.table, seen)
    if reason:
        raise Failed(reason)
    visible = catalog_view.selectable_columns(actor.account, region, actor.arn, seen)
    hidden = sorted(set(statement.columns + statement.filtered) - {name.lower() for name in visible})
    if hidden:
        known = {column["Name"].lower() for column in lake_store.columns(seen.table)}
        word = "not visible to the role" if set(hidden) <= known else "unknown or not visible to the role"
        raise Failed(
            f"COLUMN_NOT_FOUND: Column {', '.join(repr(name) for name in hidden)} cannot be resolved or requester is not "
            f"authorized to access requested resources: {word} {actor.arn}"
        )
    _take_prefix(actor, region, statement)
    return {
        "database": database,
        "table": statement.table,
        "columns": list(statement.columns),
        "catalog": seen.catalog,
        "target": f"s3://{statement.bucket}/{statement.prefix}/",
    }


def _take_prefix(actor: Actor, region: str, statement: Unload) -> None:
    reason = reads.write_refusal(actor, region, statement.bucket, statement.prefix)
    if reason:
        raise Failed(reason)
    _, record = reads.bucket(statement.bucket)
    target = (statement.bucket, statement.prefix)
    below = statement.prefix + "/" if statement.prefix else ""
    written = any(bucket == target[0] and (prefix + "/").startswith(below) for bucket, prefix in _used)
    if written or any(str(key).startswith(below) for key in record.get("objects") or {}):
        raise Failed(
            f"HIVE_PATH_ALREADY_EXISTS: Target directory for UNLOAD already exists: s3://{statement.bucket}/{below}. "
            "Athena will not delete data in your account."
        )
    _used.add(target)
