package ingest.halfold

# The newer package with the older rule name, and an alert without any field.
alert contains {} if {
	not ignore
}

ignore if {
	input.Findings[0].Type == "Discovery:Example/Known"
}
