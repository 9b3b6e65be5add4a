"""Imports point down only, engines are opened in one place, and adapters do not know each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "aggcost"

# From the ground up; docs/architecture.md draws them. A new module is put in its layer here.
LAYERS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "activity errors integers money meters names units whole_file",
        """engine usage strict_yaml yaml_node shipped ratecard price_book price_history model_rates matching tariff
        windows
        months schedule contract quantities abilities""",
        """rules rules_atoms rules_columns rules_parser rules_text rules_tree
        policy routes balancing scales shares capping levers sticky needs failover incidents in_order hedge requirements caps evidence change_costs
        conditions ledger rating reached charging charged_together withheld""",
        """replay percentiles movement timing latency_model holdout foresight eligibility health rescue extra_calls answers asserted_times hedged admission response_cache room chains ordered_rows dealing fates limit_costs prompt_caches
        route_facts within_caps outcomes service
service period latency_curves routed arm_rates
        period waiting finance cashflow proposal readings budget variance causes implied single_rows uncertainty
        sensitivity break_even rate_limits prefix_cache""",
        """report report_arms report_latency report_audit report_caches report_compare report_bounds report_quality report_contract report_failover report_in_order report_names report_peaks
        report_prices report_reconcile reports
        config""",
        "importers price_sources output",
        """scanning latency_tables reliability baseline candidates arms compare coverage grains invariants spend asserted advice
        backtest
        sides matchup reconcile audit origin resolving interval repeated price_check price_diff logged_prices
        commitments
        contract_report what_if peaks answer_lengths cost_ranges lever_assumptions failing failover_report ordered in_order_report gates assumed bounds quality outcomes_file
        caches cached_bill prompt_log""",
        "supervisor cli api demo __init__ __main__",
    )
)
ADAPTERS = LAYERS[5]
ENGINES = frozenset({"duckdb", "pyspark"})
DRIVERS = frozenset({"psycopg", "sqlite3"})
DATABASES = "importers.databases."
BACKENDS = frozenset({"ibis.duckdb", "ibis.pyspark"})


def modules() -> dict[str, Path]:
    """Every module by its dotted name inside the package: ``money``, ``importers.generic``."""
    return {".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in sorted(SOURCE.rglob("*.py"))}


def imported(path: Path) -> Iterator[str]:
    """Every absolute module name that a file imports, wherever the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(path: Path) -> set[str]:
    """The modules of this package that a file imports, by their name inside it."""
    known = modules()
    found = set()
    for name in imported(path):
        inside = name.removeprefix("aggcost.")
        if inside == name:
            continue
        candidates = (inside, inside.rpartition(".")[0], f"{inside}.__init__", f"{inside.rpartition('.')[0]}.__init__")
        found.update([candidate for candidate in candidates if candidate in known][:1])
    return found


def unit(module: str) -> str:
    """The module or package that a layer names."""
    return module.partition(".")[0]


def layer(module: str) -> int:
    found = [index for index, units in enumerate(LAYERS) if unit(module) in units]
    assert len(found) == 1, f"{module} stands in {len(found)} layers: put it in one of LAYERS"
    return found[0]


@pytest.mark.parametrize("module", modules())
def test_imports_point_down(module: str) -> None:
    upward = [other for other in own_imports(modules()[module]) if layer(other) > layer(module)]
    assert not upward, f"{module} (layer {layer(module)}) imports {upward} from above"


def test_nothing_imports_in_a_circle() -> None:
    graph = {module: own_imports(path) - {module} for module, path in modules().items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("module", [name for name in modules() if unit(name) in ADAPTERS])
def test_adapter_packages_do_not_know_each_other(module: str) -> None:
    own = unit(module)
    others = [name for name in own_imports(modules()[module]) if unit(name) in ADAPTERS - {own}]
    assert not others, f"{module} imports {others}"


def adapter_modules() -> list[str]:
    """Modules that a registry knows: those that state a NAME."""
    return [
        name
        for name, path in modules().items()
        if unit(name) in ADAPTERS
        and any(
            isinstance(node, ast.Assign | ast.AnnAssign)
            and any(isinstance(target, ast.Name) and target.id == "NAME" for target in _targets(node))
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    ]


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def test_adapters_do_not_import_each_other() -> None:
    adapters = set(adapter_modules())
    assert adapters, "no adapter states a NAME"
    for module in adapters:
        assert not (own_imports(modules()[module]) & adapters - {module}), module


@pytest.mark.parametrize("module", modules())
def test_only_the_engine_opens_an_engine(module: str) -> None:
    if module == "engine":
        return
    path = modules()[module]
    engines = {name for name in imported(path) if unit(name) in ENGINES}
    assert not engines, f"{module} imports {engines}"
    # A database that holds a log is an input, as a file is: its own package may open it.
    connects = () if module.startswith(DATABASES) else ("connect",)
    opened = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and (node.attr in connects or ast.unparse(node) in BACKENDS)
    ]
    assert not opened, f"{module}:{opened} opens an engine"


@pytest.mark.parametrize("module", modules())
def test_only_the_databases_package_knows_drivers(module: str) -> None:
    drivers = {name for name in imported(modules()[module]) if unit(name) in DRIVERS}
    assert not drivers or module.startswith(DATABASES), f"{module} imports {drivers}"
