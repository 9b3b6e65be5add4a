"""Events as `aws logs filter-log-events` lists them: the record is text in `message`, other messages stand between."""

from __future__ import annotations

import json

from formats import write_bedrock
from formats.calls import Call

MODELS = write_bedrock.MODELS
expect = write_bedrock.expect


def write(calls: list[Call]) -> dict[str, bytes]:
    permissions = {"timestamp": 1770022800000, "message": "Permissions are correctly set for Amazon Bedrock logs."}
    events = [
        {
            "logStreamName": "aws/bedrock/modelinvocations",
            "timestamp": int(call.at.timestamp() * 1000),
            "message": json.dumps(write_bedrock.record(call)),
            "ingestionTime": int(call.end.timestamp() * 1000),
            "eventId": str(call.number),
        }
        for call in calls
    ]
    page = {"events": [permissions, *events], "searchedLogStreams": [], "nextToken": None}
    return {"events.json": json.dumps(page, indent=4).encode()}
