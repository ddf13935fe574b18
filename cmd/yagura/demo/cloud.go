package demo

import (
	"fmt"
	"time"
)

// guardDuty wraps a finding as EventBridge sends it. A finding keeps its id while
// GuardDuty counts more of the same.
func (m *maker) guardDuty(story Story, at time.Time, finding object) {
	finding["schemaVersion"], finding["accountId"], finding["region"], finding["partition"] = "2.0", account, region, "aws"
	finding["createdAt"], finding["updatedAt"] = utc(at), utc(at)
	m.add("guardduty", story, at, object{
		"version": "0", "id": m.uuid(), "detail-type": "GuardDuty Finding", "source": "aws.guardduty", "account": account,
		"time": at.UTC().Format(time.RFC3339), "region": region, "resources": []string{}, "detail": finding,
	})
}

func instance(n int) object {
	return object{
		"resourceType": "Instance",
		"instanceDetails": object{
			"instanceId": fmt.Sprintf("i-0a1b2c3d4e5f6%04d", n), "instanceType": "t3.medium", "availabilityZone": region + "a",
			"networkInterfaces": []object{{"privateIpAddress": fmt.Sprintf("10.30.0.%d", n), "publicIp": host(n * 5), "vpcId": "vpc-0example", "subnetId": "subnet-0example"}},
			"tags":              []object{{"key": "Name", "value": fmt.Sprintf("edge-%d", n)}},
		},
	}
}

func remote(address string) object {
	return object{
		"ipAddressV4": address, "country": object{"countryName": "Nowhere"}, "city": object{"cityName": ""},
		"organization": object{"asn": "64500", "asnOrg": "Example Hosting", "isp": "Example Hosting", "org": "Example Hosting"},
	}
}

// guardDutyProbe is a port, open to everyone, that somebody known for it tried.
func (m *maker) guardDutyProbe(story Story, at time.Time, from string, n, seen, port int) {
	id := fmt.Sprintf("%02x%030x", n, m.day.Unix())
	m.guardDuty(story, at, object{
		"id": id, "arn": "arn:aws:guardduty:" + region + ":" + account + ":detector/0example/finding/" + id,
		"type": "Recon:EC2/PortProbeUnprotectedPort", "severity": 2, "resource": instance(n),
		"title":       fmt.Sprintf("Unprotected port on EC2 instance i-0a1b2c3d4e5f6%04d is being probed.", n),
		"description": fmt.Sprintf("EC2 instance has an unprotected port %d which is being probed by a known malicious host.", port),
		"service": object{
			"serviceName": "guardduty", "resourceRole": "TARGET", "count": seen, "archived": false, "eventFirstSeen": utc(at.Add(-time.Minute)), "eventLastSeen": utc(at),
			"action": object{"actionType": "PORT_PROBE", "portProbeAction": object{"blocked": false, "portProbeDetails": []object{
				{"localPortDetails": object{"port": port, "portName": "Unknown"}, "remoteIpDetails": remote(from)},
			}}},
		},
	})
}

// guardDutySSH is somebody guessing passwords of an instance over SSH.
func (m *maker) guardDutySSH(story Story, at time.Time, from string, seen int) {
	id := fmt.Sprintf("b0%030x", m.day.Unix())
	m.guardDuty(story, at, object{
		"id": id, "arn": "arn:aws:guardduty:" + region + ":" + account + ":detector/0example/finding/" + id,
		"type": "UnauthorizedAccess:EC2/SSHBruteForce", "severity": 5, "resource": instance(1),
		"title":       from + " is performing SSH brute force attacks against i-0a1b2c3d4e5f60001.",
		"description": "Somebody tries many passwords over SSH.",
		"service": object{
			"serviceName": "guardduty", "resourceRole": "TARGET", "count": seen, "archived": false, "eventFirstSeen": utc(at.Add(-time.Hour)), "eventLastSeen": utc(at),
			"action": object{"actionType": "NETWORK_CONNECTION", "networkConnectionAction": object{
				"connectionDirection": "INBOUND", "protocol": "TCP", "blocked": false,
				"localPortDetails": object{"port": 22, "portName": "SSH"}, "remotePortDetails": object{"port": m.port(), "portName": "Unknown"}, "remoteIpDetails": remote(from),
			}},
		},
	})
}

// control is a check of the cloud's configuration.
type control struct {
	id, title, label string
	normalized       int
	resource, kind   string
}

var controls = []control{
	{"S3.8", "S3 general purpose buckets should block public access", "HIGH", 70, "arn:aws:s3:::example-reports-%d", "AwsS3Bucket"},
	{"EC2.2", "VPC default security groups should not allow traffic", "HIGH", 70, "arn:aws:ec2:" + region + ":" + account + ":security-group/sg-0example%d", "AwsEc2SecurityGroup"},
	{"IAM.3", "IAM users' access keys should be rotated every 90 days or less", "MEDIUM", 40, "arn:aws:iam::" + account + ":user/deploy-%d", "AwsIamUser"},
	{"RDS.11", "RDS instances should have automatic backups enabled", "MEDIUM", 40, "arn:aws:rds:" + region + ":" + account + ":db:shop-%d", "AwsRdsDbInstance"},
	{"CloudTrail.4", "CloudTrail log file validation should be enabled", "LOW", 1, "arn:aws:cloudtrail:" + region + ":" + account + ":trail/trail-%d", "AwsCloudTrailTrail"},
	{"Lambda.2", "Lambda functions should use supported runtimes", "MEDIUM", 40, "arn:aws:lambda:" + region + ":" + account + ":function:mailer-%d", "AwsLambdaFunction"},
	{"KMS.4", "AWS KMS key rotation should be enabled", "MEDIUM", 40, "arn:aws:kms:" + region + ":" + account + ":key/0example%d", "AwsKmsKey"},
}

// securityHub is a finding about configuration, present or fixed.
func (m *maker) securityHub(at time.Time, c control, n int, fixed bool) {
	status, workflow := "FAILED", "NEW"
	if fixed {
		status, workflow = "PASSED", "RESOLVED"
	}
	id := fmt.Sprintf("arn:aws:securityhub:%s:%s:security-control/%s/finding/0demo%d", region, account, c.id, n)
	finding := object{
		"SchemaVersion": "2018-10-08", "Id": id, "ProductArn": "arn:aws:securityhub:" + region + "::product/aws/securityhub", "ProductName": "Security Hub", "CompanyName": "AWS",
		"Region": region, "GeneratorId": "security-control/" + c.id, "AwsAccountId": account, "Types": []string{"Software and Configuration Checks/Industry and Regulatory Standards"},
		"FirstObservedAt": utc(at.Add(-time.Hour)), "LastObservedAt": utc(at), "CreatedAt": utc(at.Add(-time.Hour)), "UpdatedAt": utc(at),
		"Severity": object{"Label": c.label, "Normalized": c.normalized, "Original": c.label}, "Title": c.title, "Description": "This control checks the setting that its title names.",
		"Resources":  []object{{"Type": c.kind, "Id": fmt.Sprintf(c.resource, n), "Partition": "aws", "Region": region}},
		"Compliance": object{"Status": status, "SecurityControlId": c.id}, "WorkflowState": "NEW", "Workflow": object{"Status": workflow}, "RecordState": "ACTIVE",
	}
	m.add("securityhub", "", at, object{
		"version": "0", "id": m.uuid(), "detail-type": "Security Hub Findings - Imported", "source": "aws.securityhub", "account": account,
		"time": at.UTC().Format(time.RFC3339), "region": region, "resources": []string{id}, "detail": object{"findings": []object{finding}},
	})
}

// falcoEvent is what an event of Falco holds.
type falcoEvent struct {
	rule, priority, node, output string
	tags                         []string
	fields                       object
}

func (m *maker) falco(story Story, at time.Time, e falcoEvent) {
	e.fields["evt.time"] = at.UnixNano()
	m.add("falco", story, at, object{
		"uuid": m.uuid(), "hostname": e.node, "output": at.UTC().Format("15:04:05.000000000") + ": " + e.output, "priority": e.priority, "rule": e.rule,
		"source": "syscall", "tags": e.tags, "time": at.UTC().Format("2006-01-02T15:04:05.000000000Z"), "output_fields": e.fields,
	})
}

// falcoBackup is the backup job reading a file that few programs may read.
func (m *maker) falcoBackup(at time.Time, path, node string) {
	m.falco(Backup, at, falcoEvent{
		rule: "Read sensitive file untrusted", priority: "Warning", node: node, tags: []string{"T1555", "container", "filesystem", "host", "mitre_credential_access"},
		output: "Warning Sensitive file opened for reading by non-trusted program (file=" + path + " process=nightly-backup user=backup-runner command=nightly-backup --full)",
		fields: object{
			"container.id": "host", "container.name": "host", "fd.name": path, "proc.name": "nightly-backup", "proc.pname": "systemd", "proc.exepath": "/usr/local/bin/nightly-backup",
			"proc.cmdline": "nightly-backup --config /etc/nightly-backup.conf", "proc.pid": 1000 + m.rnd.IntN(60000), "user.name": "backup-runner", "user.uid": 34, "user.loginuid": -1, "evt.type": "openat",
		},
	})
}
