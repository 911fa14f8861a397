{{- define "atoll.name" -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{- end -}}

{{- define "atoll.labels" -}}
app.kubernetes.io/name: atoll
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
atoll/region: {{ .Values.region }}
{{- end -}}

{{- define "atoll.selector" -}}
app.kubernetes.io/name: atoll
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- /* This region's entry in the list, with its index; fails with the line that mends it. */ -}}
{{- define "atoll.self" -}}
{{- $list := .Values.topology | fromJson -}}
{{- $found := dict -}}
{{- range $i, $region := $list.regions -}}
{{- if eq $region.name $.Values.region -}}{{- $found = merge (dict "index" (dig "index" $i $region | int)) $region -}}{{- end -}}
{{- end -}}
{{- if not $found -}}{{- fail (printf "region %q is not in the list of regions: set region to one of its names, or add it" .Values.region) -}}{{- end -}}
{{- if $found.retired -}}{{- fail (printf "region %q is retired in the list: take \"retired\" away there, or uninstall this release" .Values.region) -}}{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{- /* The regions that were there before this one are dialled; later ones dial in (ADR 0008). */ -}}
{{- define "atoll.gateways" -}}
{{- $self := include "atoll.self" . | fromJson -}}
{{- $parts := list -}}
{{- range $i, $region := (.Values.topology | fromJson).regions -}}
{{- if and (lt (dig "index" $i $region | int) ($self.index | int)) (not $region.retired) -}}
{{- $urls := dig "peers" $region.name $region.link $self -}}
{{- if not $urls -}}{{- fail (printf "region %q has no link in the list: write where its gateway servers are dialled" $region.name) -}}{{- end -}}
{{- $parts = append $parts (printf "{ name: %q, urls: %s }" $region.name ($urls | toJson)) -}}
{{- end -}}
{{- end -}}
[{{ join ", " $parts }}]
{{- end -}}

{{- define "atoll.routes" -}}
{{- $urls := list -}}
{{- range $i := until (.root.Values.nats.servers | int) -}}
{{- $urls = append $urls (printf "%s://%s-%s-%d.%s-%s:%d" $.scheme (include "atoll.name" $.root) $.part $i (include "atoll.name" $.root) $.part ($.port | int)) -}}
{{- end -}}
{{ $urls | toJson }}
{{- end -}}

{{- define "atoll.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "atoll.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{- /* One server a node where there are enough, and spread over zones. */ -}}
{{- define "atoll.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "atoll.selector" . | nindent 8 }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: {{ if and (has .part (list "js" "gw")) (gt (.root.Values.nats.servers | int) 1) }}DoNotSchedule{{ else }}ScheduleAnyway{{ end }}
    labelSelector:
      matchLabels:
        {{- include "atoll.selector" . | nindent 8 }}
{{- end -}}
