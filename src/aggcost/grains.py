"""What buckets are not good for: rows that sum several requests, such as those of a usage report."""

from __future__ import annotations

from itertools import product

from aggcost.errors import UsageError
from aggcost.importers import Usage
from aggcost.importers.grains import BUCKET, REQUEST


def check(usage: Usage, *, routed: bool) -> None:
    """Refuse logs that are not fit to be added up or, where they are to be `routed`, for that."""
    never_added(usage)
    if routed:
        only_requests(usage)


def never_added(usage: Usage) -> None:
    """Refuse a report of buckets beside a log of requests of the same time: together they count everything twice."""
    grains = {grain for one in usage.inputs for grain in one.grains}
    if not {BUCKET, REQUEST} <= grains:
        return
    found = usage.spans()
    buckets = [one for one in found if one.grain == BUCKET]
    for request, bucket in product((one for one in found if one.grain == REQUEST), buckets):
        if request.overlaps(bucket):
            raise UsageError(
                f"{request.path} logs requests and {bucket.path} ({bucket.format}) sums requests of the same days: "
                "added, they would be counted twice",
                hint=f"compare them: aggcost reconcile {request.path} --against {bucket.path}",
            )


def only_requests(usage: Usage) -> None:
    """Refuse buckets where each request is to be sent somewhere."""
    for one in usage.inputs:
        if BUCKET in one.grains:
            raise UsageError(
                f"{one.path} ({one.format}) has rows that sum several requests: a policy decides on single requests, "
                "and a sum has no sizes of prompts to decide on",
                hint=f"give the request log; aggcost reconcile LOG --against {one.path} compares the two",
            )
