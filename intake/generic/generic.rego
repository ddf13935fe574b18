# Any message of any product, by well-known names of fields: title, severity,
# time, link, rule, who and where, at any depth, the shallow first. The
# attribute "decided" says which field gave what.
#
# Build on it for a product of your own:
#
#     package ingest.mine
#     alerts := [object.union(a, {"severity": "high"}) | some a in yagura.wellknown(input)]
package ingest.generic

alerts := yagura.wellknown(input)

reason := "the message is a batch with no findings in it" if count(alerts) == 0
