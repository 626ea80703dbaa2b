"""Whether an expression has one value for a whole statement, so that nothing has to be computed row by row."""

from itertools import combinations

from pglast import ast
from pglast.enums import BoolExprType, NullTestType
from pglast.stream import RawStream

from policy.migrations.statements import strings, walk

# Stable or immutable by PostgreSQL's documentation, chapter 9: one value for a whole statement.
STEADY_FUNCTIONS = frozenset(
    (
        "now",
        "transaction_timestamp",
        "statement_timestamp",
        "current_setting",
        "current_database",
        "current_schema",
        "to_timestamp",
        "to_date",
        "to_char",
        "date_trunc",
        "date_part",
        "extract",
        "timezone",
        "make_date",
        "make_interval",
        "make_time",
        "lower",
        "upper",
        "concat",
        "coalesce",
        "jsonb_build_object",
        "jsonb_build_array",
        "json_build_object",
        "json_build_array",
        "to_json",
        "to_jsonb",
        "md5",
        "round",
        "abs",
        "length",
    )
)
HARMLESS_FUNCTIONS = frozenset(
    (
        *(
            "count",
            "sum",
            "min",
            "max",
            "avg",
            "bool_and",
            "bool_or",
            "array_agg",
            "string_agg",
            "jsonb_agg",
            "json_agg",
        ),
        *("row_number", "rank", "dense_rank", "lag", "lead", "first_value", "last_value", "generate_series", "unnest"),
        *("btrim", "ltrim", "rtrim", "replace", "split_part", "substring", "substr", "left", "right", "lpad", "rpad"),
        *("regexp_replace", "concat_ws", "format", "initcap", "floor", "ceil", "mod", "power", "sqrt", "random"),
        *("string_to_array", "array_to_string", "regexp_split_to_array", "regexp_matches", "translate", "reverse"),
        *("repeat", "strpos", "chr", "ascii", "char_length", "octet_length", "encode", "decode", "digest", "hmac"),
        *("sha256", "sha512", "crypt", "gen_salt", "gen_random_bytes"),
        *("uuid_generate_v1", "uuid_generate_v4", "uuidv7"),
        *("to_number", "to_tsvector", "row_to_json", "jsonb_set", "jsonb_strip_nulls", "jsonb_object_agg"),
        *("json_object_agg", "json_array_elements", "jsonb_array_elements_text", "jsonb_to_recordset", "jsonb_each"),
        *("gen_random_uuid", "clock_timestamp", "age", "version", "array_length", "jsonb_array_elements"),
    )
)
_FOR_THE_SERVER = (
    *("setval", "set_config", "dblink", "lo_create", "lo_export", "lo_from", "lo_import", "lo_put", "lo_unlink"),
    *("pg_advisory", "pg_cancel", "pg_create", "pg_drop", "pg_logical", "pg_notify", "pg_promote", "pg_reload"),
    *("pg_rotate", "pg_sleep", "pg_stat_reset", "pg_switch", "pg_terminate", "pg_try_advisory"),
)
_VALUES = (
    ast.A_Const,
    ast.TypeCast,
    ast.TypeName,
    ast.A_ArrayExpr,
    ast.A_Expr,
    ast.BoolExpr,
    ast.NullTest,
    ast.CoalesceExpr,
    ast.MinMaxExpr,
    ast.CaseExpr,
    ast.CaseWhen,
    ast.CollateClause,
    ast.RowExpr,
    ast.SQLValueFunction,
    ast.String,
    ast.Integer,
    ast.Float,
    ast.Boolean,
    ast.BitString,
)


def unsteady_part(expression: object) -> str:
    """Return the first part that may differ from row to row, in words; empty when there is none."""
    for node in walk(expression):
        if isinstance(node, ast.FuncCall):
            name = strings(node.funcname)
            if not _is_of_postgres(name, STEADY_FUNCTIONS):
                return f"{'.'.join(name)}()"
        elif not isinstance(node, _VALUES):
            return f"an expression of a kind that is not known ({type(node).__name__})"
    return ""


def effectful_functions(node: object) -> tuple[str, ...]:
    """Return the functions called anywhere in a statement of which it is not known that they change nothing."""
    called = (strings(one.funcname) for one in walk(node) if isinstance(one, ast.FuncCall))
    return tuple(".".join(name) for name in called if not _is_of_postgres(name, STEADY_FUNCTIONS | HARMLESS_FUNCTIONS))


def changes_server(function: str) -> bool:
    """Whether a function of PostgreSQL is never called for its value: setval, set_config, pg_terminate_backend."""
    return function.removeprefix("pg_catalog.").startswith(_FOR_THE_SERVER)


def spell(condition: ast.Node | None) -> str:
    """Return a condition to count rows by, as PostgreSQL reads it; empty where it calls what is not known."""
    return "" if condition is None or effectful_functions(condition) else str(RawStream()(condition))


def is_always_true(condition: object) -> bool:
    """Whether a condition may choose all rows whatever is in them: none at all, or one that names no column."""
    if isinstance(condition, ast.A_Expr) and condition.lexpr == condition.rexpr:
        return True
    if isinstance(condition, ast.BoolExpr) and condition.boolop is BoolExprType.OR_EXPR:
        parts = condition.args or ()
        return any(is_always_true(one) for one in parts) or any(_contradict(*pair) for pair in combinations(parts, 2))
    if isinstance(condition, ast.BoolExpr) and condition.boolop is BoolExprType.AND_EXPR:
        return all(is_always_true(one) for one in condition.args or ())
    nodes = tuple(walk(condition))
    if any(isinstance(node, ast.ColumnRef) for node in nodes):
        return False
    return not any(isinstance(node, ast.FuncCall) and unsteady_part(node) for node in nodes)


def _contradict(one: ast.Node, other: ast.Node) -> bool:
    """Whether one asks for a value and the other for none, so that each row has one of the two."""
    if not isinstance(one, ast.NullTest) or not isinstance(other, ast.NullTest):
        return False
    return one.arg == other.arg and one.nulltesttype is not other.nulltesttype


def required_column(condition: object) -> str:
    """Return the one column that a condition asks to have a value; empty where it asks for anything else."""
    if not isinstance(condition, ast.NullTest) or condition.nulltesttype is not NullTestType.IS_NOT_NULL:
        return ""
    return strings(condition.arg.fields)[-1] if isinstance(condition.arg, ast.ColumnRef) else ""


def is_null(expression: object) -> bool:
    """Whether an expression is NULL, whatever type it is said to have."""
    while isinstance(expression, ast.TypeCast | ast.CollateClause):
        expression = expression.arg
    return isinstance(expression, ast.A_Const) and bool(expression.isnull)


def _is_of_postgres(name: list[str], among: frozenset[str]) -> bool:
    return name[-1:] != [] and name[-1] in among and name[:-1] in ([], ["pg_catalog"])
