package lib.common

weight(word) = 4 if { word == "critical" }
weight(word) = 3 if { word == "high" }
weight(word) = 2 if { word == "medium" }
weight(word) = 1 if { word == "low" }

inside(address) if net.cidr_contains("10.0.0.0/8", address)
