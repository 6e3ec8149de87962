{{/* _helpers.tpl - names, labels and images that several templates share. */}}
{{- define "algalon.name" -}}
{{- if contains "algalon" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-algalon" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* dict "root" . "part" "worker" */}}
{{- define "algalon.selector" -}}
app.kubernetes.io/name: algalon
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "algalon.labels" -}}
{{ include "algalon.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "algalon.image" -}}
{{ .root.Values.image.registry }}{{ .name }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* What every container of ours is allowed: nothing. */}}
{{- define "algalon.rights" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* A map of options as arguments. */}}
{{- define "algalon.options" -}}
{{- range $name, $value := . }}
- {{ printf "--%s=%v" $name $value | quote }}
{{- end }}
{{- end }}
