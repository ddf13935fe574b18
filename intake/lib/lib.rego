# Small functions that the ingest policies of several kinds share.
#
# All of them are total: whatever they are given, they yield a value. That
# matters because in Rego one undefined reference makes the whole alert
# undefined, and it would vanish without a word. For reading fields, see
# yagura.pick, yagura.all, yagura.attributes and yagura.observables.
package lib.yagura

# num is the number that a text reads as, null where it is none. Null is less
# than every number, so comparisons with it are simply false.
num(text) := to_number(text) if regex.match(`^-?[0-9]{1,15}(\.[0-9]{1,15})?$`, text)

else := null

# without_blank leaves the empty strings out.
without_blank(texts) := [t | some t in texts; t != ""]

# digest is a short name for texts taken together: equal for equal texts, "" for none.
digest(texts) := substring(crypto.sha256(concat("\n", texts)), 0, 32) if count(texts) > 0

else := ""

# basis is a fingerprint's basis, null where there is nothing to build it from.
basis(texts) := texts if count(texts) > 0

else := null

# cves are CVE ids in their usual form: rule writers also use underscores.
cves(texts, role) := [{"type": "cve", "value": replace(upper(t), "_", "-"), "role": role} | some t in texts]

# techniques is every ATT&CK id in a text, each once.
techniques(text) := [id |
	some i, id in ids
	not id in array.slice(ids, 0, i)
] if {
	contains(text, "T1")
	ids := regex.find_n(`\bT1[0-9]{3}(?:\.[0-9]{3})?\b`, text, 50)
}

else := []

# cvss is our word for a CVSS v3 base score; the bands are those of the CVSS
# specification (first.org/cvss/v3.1/specification-document, table 14).
cvss(score) := "critical" if score >= 9

else := "high" if score >= 7

else := "medium" if score >= 4

else := "low" if score > 0

else := ""

# aws_console is the address of the AWS console of a region, "" where region
# is no region: it comes out of the message and must not choose the host.
aws_console(region) := "" if {
	not regex.match(`^[a-z]{2}(-[a-z]{2,12}){1,3}-[0-9]{1,2}$`, region)
}

else := concat("", ["https://", region, ".console.amazonaws.cn"]) if startswith(region, "cn-")

else := concat("", ["https://", region, ".console.amazonaws-us-gov.com"]) if startswith(region, "us-gov-")

else := concat("", ["https://", region, ".console.aws.amazon.com"])
