package policy

import (
	"strings"

	"yagura/alert"
)

// role is what a field of an alert is for.
type role uint8

const (
	roleTitle role = iota
	roleRule
	roleDescription
	roleSeverity // a word, or a number whose scale its name tells
	roleScore    // a number that is a score
	roleTime
	roleLink
	roleAction
	roleState
	roleID      // unique to this very event
	roleObject  // of the thing the event is about; sent again when that changes
	roleUpdated // when the thing last changed
	roleBasis   // what makes it the same thing again
	roleTags
	roleVuln    // id of a vulnerability
	rolePackage // what has it
	roleTarget  // where that is
	roleAround  // where that is, by the report around it
	rolePosture // its presence says that this is a posture finding
	roleSeen    // an observable
	roles
)

// hit is one meaning of a name. Lower ranks are better.
type hit struct {
	role role
	rank int16
	typ  alert.ObservableType // of an observable
	part string               // its role in the alert
}

// ctx says what an object speaks of, and so whose its "name" and "id" are.
type ctx uint8

const (
	ctxRoot    ctx = iota // the message itself
	ctxAlert              // the alert
	ctxRule               // the rule that made it
	ctxOther              // unknown
	ctxEntity             // a user, host, product, …
	ctxNoise              // references, history, configuration: nothing of the alert's own
	ctxWrapper            // nothing by itself: what stands around it goes on
)

type container struct {
	ctx  ctx
	part string
}

func words(s string) []string { return strings.Fields(s) }

// containers are the well-known names of objects and lists, folded.
var containers = func() map[string]container {
	m := map[string]container{}
	put := func(c container, names string) {
		for _, n := range words(names) {
			m[n] = c
		}
	}
	put(container{ctx: ctxWrapper}, `data detail details properties attributes payload item body message object record result
		content info event protopayload jsonpayload feed metadata labels annotations systemlabels commonlabels commonannotations
		grouplabels match matches facts fact extendedproperties additionaldata fields columns params parameters kibana log
		logentry logentries report document hits entry tracking essentials security alertdata eventdata findingproviderfields unmapped`)
	put(container{ctx: ctxAlert}, `alert finding incident issue detection offense case problem vulnerability advisory threat
		violation notification detectionfinding findinginfo signal cve alertinfo securityresult anomaly threatinfo
		vulnerabilities securityadvisory detectsummary ticket`)
	put(container{ctx: ctxRule}, `rule rules sourcerule control check policy signature detector monitor alertrule eventdefinition
		checkrule checkrules analytic plugin condition query template`)
	put(container{ctx: ctxEntity, part: "actor"}, `actor actors user users principal identity initiatedby initiator operator
		useridentity authenticationinfo primaryactor auth impersonator account accesskeydetails`)
	put(container{ctx: ctxEntity, part: "target"}, `target targets destination dst dest victim targetresources targetuser
		targetresource requestparameters entitysnapshot primaryresource resource resources asset`)
	put(container{ctx: ctxEntity, part: "source"}, `source src client attacker origin remote sender`)
	put(container{ctx: ctxEntity}, `host hosts device devices agent computer machine endpoint accessdevice authdevice
		devicedetail process processes parent parentprocess file files entity entities cloudaccount cloudaccounts image
		container pod cluster service repository repo project projects organization org application app product vendor scanner
		tool publisher provider observer location geo geoip related binaries evidence artifact package network browser os
		request response httprequest requestmetadata connection session team teams groups group cloud accesskey workspace
		customer tenant`)
	put(container{ctx: ctxNoise}, `assignee assignedto assignedtouser owner references reference links history revisionhistory
		acknowledgments notes comments remediation remediations recommendation descriptor db config configuration configurations
		distro layers webhook exceptions exceptionslist pagination meta producttree snapshots prechange postchange before after
		previous oldvalues replayinfo debugcontext entitlements signinginfo headers generator matchdetails epss
		relatedvulnerabilities aliases fix fixedin imageconfig tracing datasource tasks bookmarks`)
	return m
}()

// singular is how the objects of a list are called one by one.
var singular = map[string]string{
	"users": "user", "hosts": "host", "devices": "device", "actors": "actor", "resources": "resource", "processes": "process",
	"files": "file", "vulnerabilities": "vulnerability", "alerts": "alert", "findings": "finding", "accounts": "account",
	"rules": "rule", "incidents": "incident", "issues": "issue", "threats": "threat", "targets": "target", "projects": "project",
}

// fieldNames are the well-known names of fields, folded; a name of two parts stands
// for one field in an object of that name as well: "rulename" is rule.name.
var fieldNames = func() map[string][]hit {
	m := map[string][]hit{}
	put := func(r role, rank int, names string) {
		for _, n := range words(names) {
			m[n] = append(m[n], hit{role: r, rank: int16(rank)})
		}
	}
	putTitles(put)
	putTimes(put)
	putOthers(put)
	see := func(t alert.ObservableType, part, names string) {
		for _, n := range words(names) {
			m[n] = append(m[n], hit{role: roleSeen, typ: t, part: part})
		}
	}
	putObservables(see)
	return m
}()

// Ranks of titles: under rankName a field exists to name the alert; from
// rankVerb on it says what happened in a word, and who did it is added.
const (
	rankName        = 20
	rankMessage     = 34
	rankDescription = 46
	rankVerb        = 56

	rankSort      = 24 // of a rule that only says what sort of thing happened, see looseRule
	rankPublished = 27 // of a time: when an advisory came out
	rankURL       = 14 // of a link that may lead anywhere, see ownLink
	rankID        = 8  // of an id that only says so at the top of an alert
)

func putTitles(put func(role, int, string)) {
	put(roleTitle, 0, `title alerttitle alertdisplayname incidenttitle messagetitle eventtitle findingtitle issuetitle headline
		eventdefinitiontitle detectiontitle findinginfotitle vulntitle`)
	put(roleTitle, 5, `alertname alertsummary incidentname detectionname detectname threatname vulnerabilityname findingname
		issuename anomalyname offensename problemtitle problemname alertrule searchname triggername 件名 タイトル アラート名`)
	put(roleTitle, 10, `displayname shortdescription summary primarydescription incidentsummary issuesummary`)
	put(roleTitle, 14, `rulename sourcerulename signature signaturename alertsignature monitorname checkname checktitle
		controlname policyname conditionname ruletitle custommessage pluginname queryname analyticname configrulename alarmname
		alertrulename checkrulename checkrulesname templatename infoname`)
	put(roleTitle, 8, `human findingcategory displaymessage`)
	put(roleTitle, 16, `rule`)
	put(roleTitle, rankName, `name subject ruledescription ruleshortdescription`)
	put(roleTitle, 26, `auditlogevent activitydisplayname eventdescription`)
	put(roleTitle, rankMessage+6, `intro`)
	put(roleTitle, rankMessage+2, `data`) // where a sentence is all there is
	put(roleTitle, rankMessage, `message msg eventmessage reason alertreason alertmessage logmessage messagetext text output
		statusmessage messagebody operationdetail eventdetail activitydetail operationdetails raw`)
	put(roleTitle, rankDescription, `description desc descriptionvalue descriptionsvalue details shortmessage`)
	put(roleTitle, rankVerb, `operationname methodname operation eventname event activity action detailtype alerttype eventaction
		activityname issueclass findingclass eventtype type notificationtype note`)
	put(roleTitle, rankVerb+8, `category eventcategory classification threattype ruleid terminatingruleid eventid
		logtype issuetype identifier input result outcome decision`)

	put(roleRule, 0, `rulename alertname sourcerulename detectionname detectname signature signaturename alertsignature
		monitorname checkname controlname policyname conditionname configrulename alarmname eventdefinitiontitle queryname
		analyticname rule findingcategory alertrulename checkrulename checkrulesname analyticrulename pluginname alertrule searchname triggername`)
	put(roleRule, 8, `threatname vulnerabilityname alerttype issueclass findingtype findingclass detectiontype note eventname
		operationname methodname ttpdefinition metadataeventcode anomalytype auditlogevent alertsignatureid threatclassification attack attackname`)
	put(roleRule, 14, `ruleid sourceruleid signatureid checkid controlid terminatingruleid detectorid pluginid vulnerabilityid
		cveid cve vulnid ghsaid generatorid eventtypeid`)
	put(roleRule, rankSort, `eventtype eventid issuetype detailtype name`)
	put(roleRule, rankSort+1, `type category action classification eventcategory threattype event operation activity eventaction logtype
		result`)

	put(roleDescription, 0, `description desc longdescription detaileddescription alertdescription detectdescription
		findingdescription vulnerabilitydescription findinginfodesc descriptionvalue descriptionsvalue vulndescription 説明 内容 本文 詳細`)
	put(roleDescription, 8, `ruledescription controldescription intro explanation details messagetext detectiondescription
		detaildescription detectiondetails messagebody fulldescription extendeddescription`)
	put(roleDescription, 16, `message msg body text reason summary shortdescription output primarydescription secondarydescription
		alertmessage statusmessage human subject impact`)
	put(roleDescription, 30, `recommendation requiredaction solution remediationsteps recommendationtext`)
}

func putTimes(put func(role, int, string)) {
	put(roleTime, 0, `eventtime eventtimestamp eventdatetime occurredat occurred occurrencetime detectiontime detectiontimestamp
		detectedat detecteddatetime detecttime alerttime alerttimestamp incidenttime activitydatetime activitytime lastseen
		lastseenat lastseentime lastseendate lastobservedat lastobserved lastactivity lastactivitytime lasteventtimestamp
		lasteventtime lasteventdatetime lastoccurrence lastactivitydatetime lastdetectedat originaltime alertoriginaltime
		timedt startsat triggeredat triggertime triggeredtime firedat messagetime threattime clicktime observedat observedtime
		observedtimestamp eventcreationtime discoveredat violationtime datedetected lastdetected lastevent eventtimeutc
		whendetected foundat detectionts fireddatetime 発生日時 検知日時 日時`)
	put(roleTime, 11, `peventtime`)
	put(roleTime, 8, `timestamp time ts datetime utctimestamp utctime isotimestamp eventdate timecreated devicetime logtime
		rt originaltimestamp systemtime timestampderived at when dt epoch timestampms eventts statechangetime
		dateandtime longdatetime datestartzoned timestamputc idtime unixtime deviceeventtime`)
	put(roleTime, 13, `endtime lasttime timeend end`)
	put(roleTime, 14, `starttime startedat begin start started datestart starttimestamp date scandate shortdatetime buildstarttime
		timewindowend scantime`)
	put(roleTime, 20, `firstseen firstobservedat firstseenat firstdetectedat createdat created createddatetime creationtime createtime
		createdtime createddate datecreate datecreated createdon createdtimeutc reportedat openedat opened createtimestamp
		creationtimestamp creationdate backendtimestamp firsteventtimestamp generatedat since createdts dateopened syscreatedon 登録日時 作成日時`)
	put(roleTime, rankPublished, `published publishedat publisheddate publishedtime datepublished initialreleasedate trackinginitialreleasedate
		dateadded pubdate publicationdate publishdate vulndisclosuredate releasedate`)
	put(roleTime, 30, `updatedat updated updatetime modified lastmodified lastmodifieddate lastmodifiedtime lastupdated updateddatetime
		modificationtime processingtime timegenerated receivetime receivedat receivetimestamp ingesttime currentreleasedate
		trackingcurrentreleasedate lastupdatetime lastmodifiedtimeutc lastchanged statuschangedat processingendtime
		timestampprocessing sysupdatedon approximatearrivaltimestamp lastmodifieddatetime updatetimestamp datemodified insertionepochtimestamp
		queryendtime pparsetime insertedat`)

	put(roleUpdated, 0, `updatedat updated updatetime modified lastmodified lastmodifieddate lastmodifiedtime lastupdated
		updateddatetime modificationtime lastupdatetime lastmodifiedtimeutc statuschangedat backendupdatetimestamp
		lastmodifieddatetime updatetimestamp datemodified sysupdatedon`)
	put(roleUpdated, 10, `lastseen lastseenat lastobservedat lastactivitytime lasteventtimestamp lastdetectedat`)
}

func putOthers(put func(role, int, string)) {
	put(roleSeverity, 0, `severity alertseverity severityname severitylabel alertseverityname eventseverity severitylevel sev
		findingseverity vulnseverity severitydescription incidentseverity normalizedseverity riskseverity alertlevel
		aggregateseveritytext severitytext triggerseverity 重要度 深刻度 危険度`)
	put(roleSeverity, 6, `vendorseverity baseseverity cvssseverity vulnerabilityseverity risklevel threatlevel riskrating
		threatseverity priority urgency alertpriority risklevelaggregated qualitativeseverity detectionseverity`)
	put(roleSeverity, 12, `level loglevel criticality importance alertrisk risk severityid severitynumber nseverity eventnseverity syslogseverity
		threatlevelid impactlevel rulelevel prioritylabel effectiveseverity`)
	put(roleSeverity, 30, `confidencelevel verdict scanresult maliciousness confidencename riskstate`)
	put(roleScore, 0, `cvssscore cvss cvss3score cvssv3score basescore inspectorscore v3score vulncvssscore cvssbasescore cvssv3basescore
		cvssv31basescore nvdscore v31score scorecvss`)
	put(roleScore, 4, `riskscore threatscore severityscore alertriskscore anomalyscore maliciousscore malwarescore phishscore
		impostorscore rulerisk risksscore detectionscore overallscore compositescore`)
	put(roleScore, 12, `score vectorstring v3vector scoringvector cvssvector cvssv3vector severityscorevector vulncvssvector v2score
		spamscore`)

	put(roleLink, 0, `alerturl alertlink incidenturl findingurl findinglink issueurl detectionurl falconhostlink weburl weblink htmlurl
		alertweburl incidentweburl caseurl eventurl detailurl detailsurl detectorurl xdrurl portalurl permalink deeplink
		incidentlink eventlink linktoalert alerturi consoleurl investigationurl offenseurl problemurl ruleurl incidenthtmlurl
		hostlink resultslink incidenturi alerthtmlurl issuehtmlurl issuelink externaluri insighturl`)
	put(roleLink, 8, `primaryurl generatorurl advisoryurl checkurl monitorurl pageurl sourceurl`)
	put(roleLink, rankURL, `url link href uri threaturl`) // where it is plainly the alert's own, see ownLink
	put(roleLink, 20, `externalurl dashboardurl panelurl logurl externalreference helpuri helpurl`)

	put(roleAction, 0, `action actiontaken deviceaction act policyaction wafaction enforcementaction sensoraction actionname
		alertaction ruleaction firewallaction preventionaction eventaction`)
	put(roleAction, 4, `disposition patterndispositiondescription mitigationstatus actions blocked isblocked quarantined prevented
		blockedbool threatmitigationstatus remediationaction actionresult quarantinefolder quarantinerule actionsname
		dispositionname sensordisposition preventionstatus`)
	put(roleAction, 10, `outcome result outcomeresult verdict`)

	put(roleState, 0, `status state alertstatus incidentstatus findingstatus currentstate newstatevalue alertstate workflowstatus
		issuestatus vulnstatus compliancestatus resolutionstatus monitorcondition 状態`)
	put(roleState, 3, `statuscode`)
	put(roleState, 6, `alerttype notificationtype statusextended transition compliance alerttransition success result alertaction
		actionstatus`)

	put(roleID, 0, `eventuuid eventid insertid logid messageid activityuuid rowid prowid recordid rayid guid eventrecordid eventguid
		logentryid auditid eventuniqueid eventhash uniquequalifier notificationid iduniquequalifier metadatauid`)
	put(roleID, 4, `uuid matchuuid`)
	put(roleObject, 0, `alertid findingid detectionid detectid compositeid incidentid issueid findingarn systemalertid offenseid caseid
		alertuid findinguid findinginfouid incidentnumber alertuuid violationid problemid ticketid trackingid alertguid
		alertidentifier vulnerabilityuuid sysid`)
	put(roleObject, rankID, `id uid providerincidentid vendororiginalid key arn`)

	put(roleBasis, 0, `fingerprint dedupkey deduplicationkey dedupekey dedupid alertfingerprint aggregationkey incidentkey
		correlationkey eventkey incidenthash alertdedupkey issuefingerprint alertalias primarylocationlinehash`)
	put(roleBasis, 6, `incidentid incidentnumber issueid findingarn findingid findinguid findinginfouid offenseid caseid problemid
		providerincidentid sysid`)

	put(roleTags, 0, `tags tag alerttags eventtags ruletags`)
	put(roleTags, 10, `categories keywords`)

	put(roleVuln, 0, `vulnerabilityid cveid cve vulnid cveidentifier vulnerabilityname ghsaid itemcve osvid cves relatedcves trackingid`)
	put(roleVuln, 6, `id identifier name notename advisoryid noteid`) // where the value is such an id
	put(rolePackage, 0, `pkgname packagename scanpackagename artifactname affectedpackagename packagepackage componentname
		vulnerablepackage resourcepackage dependencypackagename affectedpackage`)
	put(roleTarget, 0, `target scanpath locationfile locationpath containerimage resourceuri sourcetarget sourcepath imagename resourceid
		vulnerabletarget locationsuri artifactlocationuri useruserinput targetuserinput locationhostname subject resource
		metadataname findingresource kubernetesworkloadname resourcename locationspath`)
	put(rolePosture, 0, `vulnerabilityid cveid installedversion fixedversion pkgname packagename compliance checkid controlid
		vulnid fixavailable cvssscore packagevulnerabilitydetails vulnerabilityname compliancestatus ghsaid affectedpackagename
		checktitle`)
}
