package alert

import "strings"

// resourceAt returns the length of the cloud resource's name at the start of
// s, 0 where there is none: an ARN, an Azure resource id or a GCP full
// resource name.
func resourceAt(s string) int {
	var n int
	switch {
	case len(s) > 12 && strings.EqualFold(s[:4], "arn:"):
		n = resourceEnd(s)
		if strings.Count(s[:n], ":") < 5 || !strings.HasPrefix(s[4:], "aws") {
			return 0
		}
	case len(s) > 52 && strings.EqualFold(s[:15], "/subscriptions/"):
		n = resourceEnd(s)
		if n < 51 || !isGUID(s[15:51]) {
			return 0
		}
	case len(s) > 24 && (strings.EqualFold(s[:9], "/tenants/") || strings.EqualFold(s[:11], "/providers/")):
		n = resourceEnd(s)
		if !strings.Contains(strings.ToLower(s[:n]), "/providers/microsoft.") {
			return 0
		}
	case strings.HasPrefix(s, "//"):
		n = resourceEnd(s)
		slash := strings.IndexByte(s[2:n], '/')
		if slash < 0 || !strings.HasSuffix(s[2:2+slash], ".googleapis.com") || 3+slash >= n {
			return 0
		}
	case strings.HasPrefix(s, "ocid1."):
		n = resourceEnd(s)
		if strings.Count(s[:n], ".") < 4 {
			return 0
		}
	default:
		return 0
	}
	if strings.IndexByte(s[:n], '*') >= 0 { // a pattern of a permission, not a thing
		return 0
	}
	return n
}

// resourceEnd returns where a resource's name at the start of s ends.
func resourceEnd(s string) int {
	n := 0
	for n < len(s) && (isWordByte(s[n]) && s[n] < 0x80 || strings.IndexByte("-._:/@+=#$~%*", s[n]) >= 0) {
		n++
	}
	for n > 0 && strings.IndexByte(".:-+=#%", s[n-1]) >= 0 {
		n--
	}
	return n
}

// resourceAccount returns the cloud account, subscription or project that a
// resource's name holds, or "".
func resourceAccount(s string) string {
	if strings.HasPrefix(s, "arn:") {
		parts := strings.SplitN(s, ":", 6)
		if len(parts) == 6 && isAWSAccount(parts[4]) {
			return parts[4]
		}
		return ""
	}
	if len(s) >= 51 && strings.EqualFold(s[:15], "/subscriptions/") {
		return s[15:51]
	}
	if at := strings.Index(s, "/projects/"); at >= 0 && strings.HasPrefix(s, "//") {
		project := s[at+len("/projects/"):]
		if end := strings.IndexByte(project, '/'); end >= 0 {
			project = project[:end]
		}
		if isGCPProject(project) {
			return project
		}
	}
	return ""
}

// isFindingName reports whether a resource's name is that of a finding: the
// alert's own id, not a thing it is about.
func isFindingName(s string) bool {
	if strings.HasPrefix(s, "arn:") {
		parts := strings.SplitN(s, ":", 6)
		return parts[2] == "securityhub" || parts[2] == "guardduty" || strings.HasPrefix(parts[5], "finding")
	}
	low := strings.ToLower(s)
	return strings.Contains(low, "/findings/") || strings.Contains(low, "/microsoft.securityinsights/incidents/") || strings.Contains(low, "/microsoft.security/") && strings.Contains(low, "/alerts/")
}

// iamUser returns the name in an IAM user's ARN, or "".
func iamUser(s string) string {
	if !strings.HasPrefix(s, "arn:") {
		return ""
	}
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[2] != "iam" || !strings.HasPrefix(parts[5], "user/") {
		return ""
	}
	return parts[5][strings.LastIndexByte(parts[5], '/')+1:]
}

func isAWSAccount(s string) bool { return len(s) == 12 && allDigits(s) }

// isGCPProject reports whether s has the form of a project's id: 6 to 30
// letters, digits and hyphens in lower case, a letter first.
func isGCPProject(s string) bool {
	if len(s) < 6 || len(s) > 30 || s[0] < 'a' || s[0] > 'z' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}
