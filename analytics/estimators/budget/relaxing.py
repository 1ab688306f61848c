"""When no allocation keeps all limits: the smallest set that must give way, and by how much.

An elastic program with a switch for each limit (Chinneck, Feasibility and Infeasibility in
Optimization, 2008): first as few limits as possible, then as little as possible of
them, measured against each limit's own size.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from analytics.estimators.budget.program import Limit, Program
from analytics.estimators.budget.spec import Relaxation
from analytics.estimators.cells import Floats
from analytics.estimators.errors import DidNotConverge, refuse

MOST = 1e3  # of the problem's scale: how far a limit may give way
MAX_SETS = 50


@dataclass(frozen=True)
class Elastic:
    """Variables: amount of each channel, give of each limit, then the whole steps, if any."""

    rows: Floats
    bounds: Floats
    equal: Floats
    gives: int
    most: Floats


def find_relaxations(program: Program) -> tuple[Relaxation, ...]:
    """The fewest limits, and among those sets the smallest relative change."""
    elastic = _build(program)
    tried: list[Floats] = []
    for _ in range(MAX_SETS):
        chosen = _choose(program, elastic, tried)
        gives = _shrink(program, elastic, chosen)
        if gives is not None:
            return tuple(
                _describe(program, limit, float(give))
                for limit, give in zip(program.limits, gives, strict=True)
                if give > 0
            )
        tried.append(chosen)
    raise DidNotConverge([refuse("solver_stopped", message="no set of limits to relax")])


def _build(program: Program) -> Elastic:
    channels, gives = len(program.names), len(program.limits)
    counts = channels if program.step else 0
    width = channels + gives + counts
    rows = np.zeros((gives, width))
    bounds = np.zeros(gives)
    most = np.zeros(gives)
    for index, limit in enumerate(program.limits):
        rows[index, :channels] = limit.sign * limit.row / limit.size
        rows[index, channels + index] = -1.0
        bounds[index] = limit.sign * limit.value / limit.size / program.scale
        most[index] = abs(bounds[index]) if limit.kind == "floor" else MOST
    equal = np.zeros((counts, width))
    if program.step:
        equal[:, :channels] = np.eye(channels)
        equal[:, channels + gives :] = -np.eye(counts) * (program.step / program.scale)
    return Elastic(rows, bounds, equal, gives, most)


def _choose(program: Program, elastic: Elastic, tried: list[Floats]) -> Floats:
    """Which limits give way: as few as possible, then the least relative change.

    The solver's switches are only nearly 0 or 1, so a set may turn out too small; such sets are
    `tried` and excluded.
    """
    width = elastic.rows.shape[1]
    start = len(program.names)
    switches = np.eye(elastic.gives)
    gives = np.zeros((elastic.gives, width))
    gives[:, start : start + elastic.gives] = switches
    constraints = [
        *_constraints(elastic, extra=elastic.gives),
        LinearConstraint(np.hstack([gives, -switches * elastic.most[:, None]]), ub=0),
        *(
            LinearConstraint(np.concatenate([np.zeros(width), 1 - one])[None, :], lb=1)
            for one in tried
        ),
    ]
    small = _weigh(program) / (_weigh(program) @ elastic.most + 1) / 2
    cost = np.concatenate([np.zeros(width), np.ones(elastic.gives)])
    cost[start : start + elastic.gives] = small
    result = milp(
        cost,
        constraints=constraints,
        integrality=np.concatenate([_integrality(program, elastic), np.ones(elastic.gives)]),
        bounds=Bounds(0, np.concatenate([np.full(width, np.inf), np.ones(elastic.gives)])),
        options={"mip_rel_gap": 0.0},
    )
    if not result.success:
        raise DidNotConverge([refuse("solver_stopped", message=str(result.message))])
    return np.asarray(np.round(result.x[width:]), dtype=np.float64)


def _shrink(program: Program, elastic: Elastic, chosen: Floats) -> Floats | None:
    """The least relative change of the chosen limits, or None if they do not suffice."""
    width, start = elastic.rows.shape[1], len(program.names)
    cost, most = np.zeros(width), np.full(width, np.inf)
    cost[start : start + elastic.gives] = _weigh(program)
    most[start : start + elastic.gives] = elastic.most * chosen
    result = milp(
        cost,
        constraints=_constraints(elastic),
        integrality=_integrality(program, elastic),
        bounds=Bounds(0, most),
        options={"mip_rel_gap": 0.0},
    )
    if not result.success:
        return None
    gives = result.x[start : start + elastic.gives] * program.scale
    sizes = [limit.size for limit in program.limits]
    tidied = [program.tidy(float(give)) * size for give, size in zip(gives, sizes, strict=True)]
    return np.array(tidied)


def _constraints(elastic: Elastic, extra: int = 0) -> list[LinearConstraint]:
    def widen(rows: Floats) -> Floats:
        return np.hstack([rows, np.zeros((len(rows), extra))])

    limits = [LinearConstraint(widen(elastic.rows), ub=elastic.bounds)]
    if len(elastic.equal):
        limits.append(LinearConstraint(widen(elastic.equal), lb=0, ub=0))
    return limits


def _integrality(program: Program, elastic: Elastic) -> Floats:
    width = elastic.rows.shape[1]
    whole = np.zeros(width)
    whole[width - len(elastic.equal) :] = 1
    return whole


def _weigh(program: Program) -> Floats:
    """One over each limit's own size, so that changes compare as shares of it."""
    sizes = [abs(limit.value) / limit.size / program.scale for limit in program.limits]
    return np.array([1 / size if size > 0 else 1.0 for size in sizes])


def _describe(program: Program, limit: Limit, give: float) -> Relaxation:
    needed = program.tidy(limit.value + limit.sign * give)
    return Relaxation(limit.name, limit.kind, limit.value, needed, needed - limit.value)
