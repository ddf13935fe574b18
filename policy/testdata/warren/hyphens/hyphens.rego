package ingest["hyphened-kind"]

alerts contains {"title": input.t, "tags": ["a", "b"], "attrs": [{"key": "none", "value": null}]}
