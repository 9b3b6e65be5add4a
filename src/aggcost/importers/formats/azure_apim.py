"""Azure API Management's log of language models: the table ApiManagementGatewayLlmLog, as JSON or CSV.

A call whose messages are long spans several rows (SequenceNumber), and its tokens stand on one of them: of the rows
with one CorrelationId that with the most tokens counts. The table has no cached tokens, no state and no duration (those
of the HTTP request are in ApiManagementGatewayLogs). Messages stand beside the counts, and are not read.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at
from aggcost.importers.sampling import Sample

NAME = "azure-apim"
TITLE = "Azure API Management LLM logs (table ApiManagementGatewayLlmLog)"
SEMANTICS = (
    "PromptTokens contains cached tokens, which are not told apart; CompletionTokens contains reasoning; "
    "TimeGenerated is UTC"
)
CAPABILITIES = {
    "time": "yes", "latency": "no", "cache split": "no", "session": "no", "cost": "no", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "CorrelationId, DeploymentName, PromptTokens and CompletionTokens"

LAYOUT = Layout(
    fields={
        "timestamp": at("TimeGenerated", '"TimeGenerated [UTC]"'),
        "request_id": at("CorrelationId"),
        "model": at("ModelName", "DeploymentName"),
        "operation": at("OperationName"),
        "input_tokens": at("PromptTokens"),
        "output_tokens": at("CompletionTokens"),
    },
    constants={"provider": "azure"},
    key_is="correlation id",
    key=f"'{NAME} ' || {{CorrelationId}}",
    keep=(
        "coalesce(TRY_CAST({CompletionTokens} AS BIGINT), -1)",
        "coalesce(TRY_CAST({PromptTokens} AS BIGINT), -1)",
        "CASE WHEN coalesce({DeploymentName}, {ModelName}) IS NULL THEN 0 ELSE 1 END",
    ),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is of this table; rows without counts may come first."""
    names = {name.lower() for name in sample.names}
    return RULE if {"correlationid", "deploymentname", "prompttokens", "completiontokens"} <= names else None
