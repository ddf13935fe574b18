# Reads `go test -v ./...` and prints what a person wants to see of it: one line a
# package as go test writes it, everything of a package that failed, every test that
# was skipped with its reason, and a closing count. Passing tests are only counted.

function flush_package() {
	for (i = 1; i <= kept; i++) print keep[i]
	kept = 0
}

/^=== (RUN|PAUSE|CONT|NAME)/ { current = $3; next }

/^[ \t]*--- PASS:/ { passed++; next }

/^[ \t]*--- SKIP:/ {
	skipped++
	skips[skipped] = $3 (($3 in said) ? ": " said[$3] : "")
	next
}

/^[ \t]*--- FAIL:/ { failed++; keep[++kept] = $0; next }

/^(ok|FAIL|\?)[ ]*\t/ {
	if ($1 == "FAIL") { flush_package(); broken++ }
	kept = 0
	if ($1 != "?") print
	fflush()
	for (s = shown + 1; s <= skipped; s++) print "     skipped " skips[s]
	shown = skipped
	for (t in said) delete said[t]
	next
}

/^(PASS|FAIL)$/ { next }

{
	keep[++kept] = $0
	if ($0 ~ /^[ \t]+[^ \t]+\.go:[0-9]+: /) {
		reason = $0
		sub(/^[ \t]+[^ \t]+\.go:[0-9]+: /, "", reason)
		said[current] = reason
	}
}

END {
	flush_package()
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	if (failed || broken) exit 1
}
