package ingest.untitled

import rego.v1

# No title at all: a model was meant to find one.
alerts contains {} if input.wanted
