"""When no allocation keeps all limits: the smallest set that must give way, and by how much.

An elastic program (Chinneck, Feasibility and Infeasibility in Optimization, 2008): every limit may
give way, measured against its own size. The least sum of changes names a set; a set of one is the
smallest there is. Otherwise a program with a switch for each limit looks for fewer; where it finds
none in time, the set found first is thinned out limit by limit.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import csr_array, hstack

from analytics.estimators.budget.program import NOTHING, Limit, Program, tidy
from analytics.estimators.budget.spec import Relaxation
from analytics.estimators.cells import Floats
from analytics.estimators.errors import DidNotConverge, refuse

MOST = (1e2, 1e4)  # times a limit's size: how far it may give way while sets are compared
SEARCH_S = 5.0  # for the smallest set; the answer is a set that suffices in any case
OPTIONS = {"mip_rel_gap": 0.0, "time_limit": SEARCH_S}


@dataclass(frozen=True)
class Elastic:
    """Variables: amount of each channel, give of each limit, then the whole steps, if any.

    In scaled units; `costs` weigh a give as a share of its limit, `most` is how far it may go.
    """

    rows: csr_array
    bounds: Floats
    equal: csr_array | None
    channels: int
    costs: Floats
    most: Floats

    @property
    def width(self) -> int:
        return int(self.rows.shape[1])

    @property
    def gives(self) -> slice:
        return slice(self.channels, self.channels + len(self.costs))


def find_relaxations(program: Program) -> tuple[Relaxation, ...]:
    """The fewest limits, and among those sets the smallest relative change."""
    elastic = _build(program)
    gives = _shrink(elastic, np.ones(len(elastic.costs), dtype=bool))
    if gives is None:
        raise DidNotConverge([refuse("solver_stopped", message="no set of limits to relax")])
    if (gives > NOTHING).sum() > 1:
        gives = _search(elastic, gives)
    return tuple(
        _describe(program, index, float(give)) for index, give in enumerate(gives) if give > NOTHING
    )


def _build(program: Program) -> Elastic:
    channels, limits = len(program.names), len(program.limits)
    counts = channels if program.step else 0
    factors = program.signs / program.row_sizes
    bounds = factors * program.values
    scaled = factors[:, None] * program.rows * program.amount_sizes
    rows = np.hstack([scaled, -np.eye(limits), np.zeros((limits, counts))])
    floors = np.array([limit.kind == "floor" for limit in program.limits])
    equal = None
    if program.step:
        whole = -np.diag(program.step / program.amount_sizes)
        equal = csr_array(np.hstack([np.eye(channels), np.zeros((channels, limits)), whole]))
    return Elastic(
        rows=csr_array(rows),
        bounds=bounds,
        equal=equal,
        channels=channels,
        costs=1 / np.where(bounds == 0, 1.0, np.abs(bounds)),
        most=np.where(floors, np.abs(bounds), np.inf),
    )


def _shrink(elastic: Elastic, allowed: Floats) -> Floats | None:
    """The least relative change of the allowed limits, or None if they do not suffice."""
    cost = np.zeros(elastic.width)
    cost[elastic.gives] = elastic.costs
    most = np.full(elastic.width, np.inf)
    most[elastic.gives] = np.where(allowed, elastic.most, 0.0)
    result = _minimise(elastic, cost, most, switches=0)
    return np.asarray(result.x[elastic.gives], dtype=np.float64) if result.success else None


def _search(elastic: Elastic, gives: Floats) -> Floats:
    """The gives of the smallest set that is found, no limit of which can be spared."""
    found = [gives]
    for most in MOST:
        chosen = _switch(elastic, most)
        enough = None if chosen is None else _shrink(elastic, chosen)
        found += [] if enough is None else [enough]
    fewest = min(found, key=lambda one: ((one > NOTHING).sum(), elastic.costs @ one))
    return _thin_out(elastic, fewest)


def _thin_out(elastic: Elastic, gives: Floats) -> Floats:
    """Limits that can be spared one by one, those that give least first."""
    for index in np.argsort(gives, kind="stable"):
        if gives[index] > NOTHING:
            thinner = _shrink(elastic, (gives > NOTHING) & (np.arange(len(gives)) != index))
            gives = gives if thinner is None else thinner
    return gives


def _switch(elastic: Elastic, farthest: float) -> Floats | None:
    """Which limits give way: as few as possible, then the least relative change; None: not found.

    The solver's switches are only nearly 0 or 1, so the set may turn out too small.
    """
    most = np.minimum(elastic.most, np.maximum(farthest, 2 * np.abs(elastic.bounds)))
    cost = np.concatenate([np.zeros(elastic.width), np.ones(len(most))])
    cost[elastic.gives] = elastic.costs / (elastic.costs @ most + 1) / 2
    upper = np.concatenate([np.full(elastic.width, np.inf), np.ones(len(most))])
    switched = np.zeros((len(most), elastic.width + len(most)))
    switched[:, elastic.gives] = np.eye(len(most))
    switched[:, elastic.width :] = -np.diag(most)
    limit = LinearConstraint(csr_array(switched), ub=0)
    result = _minimise(elastic, cost, upper, switches=len(most), more=[limit])
    return np.asarray(result.x[elastic.width :] > 0.5) if result.x is not None else None


def _minimise(
    elastic: Elastic,
    cost: Floats,
    upper: Floats,
    switches: int,
    more: list[LinearConstraint] | None = None,
) -> OptimizeResult:
    def widen(rows: csr_array) -> csr_array:
        return csr_array(hstack([rows, csr_array((rows.shape[0], switches))]))

    constraints = [LinearConstraint(widen(elastic.rows), ub=elastic.bounds), *(more or [])]
    if elastic.equal is not None:
        constraints.append(LinearConstraint(widen(elastic.equal), lb=0, ub=0))
    whole = np.zeros(elastic.width + switches)
    whole[elastic.width :] = 1
    if elastic.equal is not None:
        whole[elastic.width - elastic.channels : elastic.width] = 1
    return milp(
        cost,
        constraints=constraints,
        integrality=whole,
        bounds=Bounds(0, upper),
        options=OPTIONS,
    )


def _describe(program: Program, index: int, give: float) -> Relaxation:
    limit: Limit = program.limits[index]
    size = max(abs(limit.value), float(program.row_sizes[index]))
    by = limit.sign * give * float(program.row_sizes[index])
    needed = tidy(limit.value + by, size)
    return Relaxation(limit.name, limit.kind, limit.value, needed, needed - limit.value)
