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

{{/* What operators are told of the workers: dict "root" . "part" "worker" */}}
{{- define "algalon.monitored" }}
metadata:
  name: {{ include "algalon.name" .root }}-worker
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "algalon.labels" . | nindent 4 }}
    {{- with .root.Values.serviceMonitor.additionalLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels: {{- include "algalon.selector" . | nindent 6 }}
{{- end }}

{{- define "algalon.endpoint" -}}
{{- $m := .Values.serviceMonitor -}}
port: metrics
path: /metrics
scheme: {{ ternary "https" "http" .Values.worker.tls }}
interval: {{ $m.interval }}
scrapeTimeout: {{ $m.scrapeTimeout }}
honorLabels: {{ $m.honorLabels }}
{{- with $m.basicAuth }}
basicAuth: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $m.tlsConfig }}
tlsConfig: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A map of options as arguments. */}}
{{- define "algalon.options" -}}
{{- range $name, $value := . }}
- {{ printf "--%s=%v" $name $value | quote }}
{{- end }}
{{- end }}

{{/* What host and agent scrape: dict "root" . "part" .Values.host */}}
{{- define "algalon.scrape" -}}
{{- $p := .part }}
{{- if not (or $p.discovery $p.targets $p.scrapeConfig) }}
{{- fail "discovery, targets or scrapeConfig is wanted: without one of them there is nothing to scrape" }}
{{- end }}
{{- if $p.scrapeConfig }}
{{- toYaml $p.scrapeConfig }}
{{- else -}}
scrape_configs:
  - job_name: worker
    scrape_interval: 5s
    scrape_timeout: 4s
    honor_labels: true
    {{- if .root.Values.worker.tls }}
    scheme: https
    {{- end }}
    {{- with $p.targets }}
    static_configs:
      - targets: {{- toYaml . | nindent 10 }}
    {{- end }}
    {{- if $p.discovery }}
    kubernetes_sd_configs:
      - role: pod
        namespaces: {names: [{{ .root.Release.Namespace }}]}
        selectors:
          - role: pod
            label: "app.kubernetes.io/name=algalon,app.kubernetes.io/instance={{ .root.Release.Name }},app.kubernetes.io/component=worker"
    relabel_configs:
      # A pod has one target: its port of this name. Machines from `targets` have no such label.
      - {source_labels: [__meta_kubernetes_pod_name, __meta_kubernetes_pod_container_port_name], regex: ";|.+;metrics", action: keep}
      - {source_labels: [__meta_kubernetes_pod_node_name], regex: "(.+)", target_label: instance}
    {{- end }}
{{- end }}
{{- end }}
