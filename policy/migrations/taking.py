"""Judges what takes a right from somebody: what the code in production may do no more once it is done."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pglast import ast
from pglast.enums import AlterTableType as Kind
from pglast.enums import DropBehavior, GrantTargetType, ObjectType

from policy.migrations.findings import Finding, Lock, Mode, Safety, Stage, Undo, unlisted
from policy.migrations.so_far import SoFar
from policy.migrations.statements import Statement, object_name, relation_name, strings

_ADVICE = "let a release that no longer needs it be live on every server first, and take it away in a later one"
_UNKNOWN = Undo(impossible="who had which right before is not known from the text")
# How PostgreSQL's parser names the properties of a role, and what the role is without once one is false.
_PROPERTIES = {
    "canlogin": "LOGIN",
    "superuser": "SUPERUSER",
    "bypassrls": "BYPASSRLS",
    "inherit": "INHERIT",
    "createdb": "CREATEDB",
    "createrole": "CREATEROLE",
    "isreplication": "REPLICATION",
}
_LIMITS = {"password": "another password", "validUntil": "an end", "connectionlimit": "another limit of connections"}
_LEAVES_GROUP = -1
_TURNS_ON = (Kind.AT_EnableTrig, Kind.AT_EnableAlwaysTrig, Kind.AT_EnableTrigAll, Kind.AT_EnableTrigUser)


def judge_grant(node: ast.GrantStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give GRANT, which adds, and REVOKE of each object: who lost a right is refused at once, on every server."""
    if node.is_grant:
        yield unlisted("GRANT")
        return
    cascade = node.behavior is DropBehavior.DROP_CASCADE
    rights = ", ".join(_right(one) for one in node.privileges or ()) or "every right"
    who = _roles(node.grantees)
    for one in node.objects or ():
        name = object_name(one)
        what = _say_object(node, name)
        if node.grant_option and not cascade:
            yield unlisted(f"REVOKE of the right to give {rights} on {what} away", undo=_UNKNOWN)
        elif (so_far.makes(name) or so_far.makes(who)) and not cascade:
            yield unlisted(f"REVOKE of {rights} on {what} from {who}, of which this migration makes one,", undo=Undo())
        else:
            yield _taken(
                f"REVOKE takes {rights} on {what} from {who}", f"{what} without {rights} for {who}", cascade=cascade
            )


def judge_membership(node: ast.GrantRoleStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give GRANT of a role, which adds, and REVOKE of one with all that may be done by it."""
    roles = ", ".join(one.priv_name or "" for one in node.granted_roles or ())
    who = _roles(node.grantee_roles)
    cascade = node.behavior is DropBehavior.DROP_CASCADE
    if node.is_grant:
        yield unlisted("GRANT ROLE")
    elif (node.opt or so_far.makes(who)) and not cascade:
        yield unlisted(f"REVOKE of what {who} may do with the role {roles}", undo=_UNKNOWN)
    else:
        yield _taken(f"REVOKE takes the role {roles} from {who}", f"{who} without the role {roles}", cascade=cascade)


def judge_role(node: ast.AlterRoleStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give another shape of a role: who may not log in, or has another password, connects no more."""
    who = _role(node.role)
    options = [one for one in node.options or () if isinstance(one, ast.DefElem)]
    lost = [f"without {_PROPERTIES[one.defname]}" for one in options if one.defname in _PROPERTIES and _is_false(one)]
    lost += [f"with {_LIMITS[one.defname]}" for one in options if one.defname in _LIMITS]
    if node.action == _LEAVES_GROUP:
        lost.append("without some of its members")
    if not lost or so_far.makes(who):
        yield unlisted(f"another shape of the role {who}")
        return
    yield from (_taken(f"The role {who} is {one} from then on", f"{who} {one}") for one in lost)


def judge_dropped_role(node: ast.DropRoleStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give each role that is dropped: nobody connects as it any more."""
    for who in (_role(one) for one in node.roles or ()):
        yield _taken(f"Drops the role {who}", f"{who} dropped")


def judge_owned(node: ast.DropOwnedStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give that all a role owns is dropped, with each right it was given."""
    who = _roles(node.roles)
    yield Finding(
        Safety.DANGEROUS,
        f"Drops all that {who} owns, which the text does not name, and takes each right from it",
        breaks=f"all that {who} owns dropped",
        stage=Stage.CONTRACT,
    )


def judge_changed_policy(node: ast.AlterPolicyStmt, _so_far: SoFar) -> Iterator[Finding]:
    """Give another shape of a policy, by which rows may be hidden that were seen."""
    table = relation_name(node.table)
    yield _taken(
        f"Another shape of the policy {node.policy_name}, which says who sees rows of {table}, is on no list of 6.2",
        f"{table}.{node.policy_name} in another shape",
        locks=(Lock(table, Mode.ACCESS_EXCLUSIVE),),
    )


def judge_owner(node: ast.AlterOwnerStmt, so_far: SoFar) -> Iterator[Finding]:
    """Give another owner of what is no table."""
    yield judge_new_owner(object_name(node.object), node.newowner, so_far)


def judge_new_owner(name: str, owner: ast.RoleSpec | None, so_far: SoFar, *, locks: tuple[Lock, ...] = ()) -> Finding:
    """Return that something belongs to somebody else: whoever owned it keeps only the rights that were granted."""
    who = _role(owner)
    if so_far.makes(name):
        return unlisted(f"the owner {who} of {name}, which this migration makes,", undo=Undo())
    return _taken(f"{name} belongs to {who} from then on", f"{name} owned by {who}", locks=locks)


def find_turned_on(statements: Sequence[Statement]) -> frozenset[tuple[str, str]]:
    """Return each table with the trigger that the file turns on, or every one: what it turned off before is back."""
    return frozenset(
        (relation_name(one.node.relation), command.name or "")
        for one in statements
        if isinstance(one.node, ast.AlterTableStmt)
        for command in one.node.cmds or ()
        if command.subtype in _TURNS_ON
    )


def judge_turned_off(table: str, command: ast.AlterTableCmd, so_far: SoFar, _relation: str) -> Finding:
    """Return that a trigger runs no more: the version before may need what it does, as one that is dropped."""
    name = command.name or ""
    back = bool({(table, name), (table, "")} & so_far.turned_on)
    what = f"the trigger {name}" if name else "the triggers"
    return Finding(
        Safety.DANGEROUS,
        f"Turns {what} of {table} off{' and on again' if back else ''}: what was kept from being wrong or seen is not"
        f"{' meanwhile' if back else ' any more'}",
        locks=(Lock(table, Mode.SHARE_ROW_EXCLUSIVE),),
        breaks="" if back else f"{table}.{name} off" if name else f"{table} without its triggers",
        undo=Undo(impossible="how it was set before is not known from the text"),
        stage=Stage.EXPAND if back else Stage.CONTRACT,
    )


def _taken(reason: str, breaks: str, *, cascade: bool = False, locks: tuple[Lock, ...] = ()) -> Finding:
    also = " with CASCADE, and from whoever had it from there, which the text does not name" if cascade else ""
    return Finding(
        Safety.DANGEROUS if cascade else Safety.RISKY,
        f"{reason}{also}",
        advice=_ADVICE,
        locks=locks,
        breaks=breaks,
        undo=_UNKNOWN,
        stage=Stage.CONTRACT,
    )


def _right(one: ast.AccessPriv) -> str:
    columns = f" ({', '.join(strings(one.cols))})" if one.cols else ""
    return f"{one.priv_name.upper() if one.priv_name else 'every right'}{columns}"


def _say_object(node: ast.GrantStmt, name: str) -> str:
    """Name what a right is about: a table by its name alone, anything else with its kind."""
    word = node.objtype.name.removeprefix("OBJECT_").replace("_", " ").lower() if node.objtype is not None else ""
    if node.targtype is GrantTargetType.ACL_TARGET_ALL_IN_SCHEMA:
        return f"every {word} in {name}"
    return name if node.objtype is ObjectType.OBJECT_TABLE else f"the {word} {name}"


def _roles(roles: object) -> str:
    return ", ".join(_role(one) for one in roles) if isinstance(roles, tuple) else "somebody"


def _role(role: object) -> str:
    if not isinstance(role, ast.RoleSpec):
        return "somebody"
    if role.rolename:
        return role.rolename
    return role.roletype.name.removeprefix("ROLESPEC_") if role.roletype is not None else "somebody"


def _is_false(option: ast.DefElem) -> bool:
    return isinstance(option.arg, ast.Boolean) and not option.arg.boolval


TAKING: Mapping[type[ast.Node], Callable[..., Iterable[Finding]]] = {
    ast.GrantStmt: judge_grant,
    ast.GrantRoleStmt: judge_membership,
    ast.AlterRoleStmt: judge_role,
    ast.DropRoleStmt: judge_dropped_role,
    ast.DropOwnedStmt: judge_owned,
    ast.AlterPolicyStmt: judge_changed_policy,
    ast.AlterOwnerStmt: judge_owner,
}
