// templates.test.mjs - labels and annotations of alerts say what the real Prometheus makes of the same templates: promtool's unit
// tests are given what ours said, over the same series, and must find nothing else.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Algalon, binary, run, temporaryFolder, until } from '../lib/program.mjs';

const has = (program) => run(program, ['--version']).code === 0;

// One alert each. Debian's Prometheus is 2.42, built with Go 1.19: what came later stands in src/rules/template_test.c.
const TEMPLATES = [
  'plain, {braces} and }} alone',
  'GPU {{ $labels.gpu }} of {{$labels.host}} at {{ $value }}',
  '{{ .Labels.gpu }} {{ .Value }} {{ .ExternalLabels.region }} {{ .ExternalURL }}',
  '{{ $externalLabels.region }} {{ $externalURL }} {{ $labels.none }}{{ $externalLabels.none }}|',
  '{{ $labels }} {{ . }}',
  '{{ $value | humanize }} {{ $value | humanize1024 }} {{ $value | humanizeDuration }} {{ $value | humanizePercentage }} {{ $value | humanizeTimestamp }}',
  '{{ humanize "1e3" }} {{ humanize 12345 }} {{ humanizeDuration 0.5 }} {{ humanizeDuration -90061 }} {{ humanizePercentage "0.1234" }} {{ humanizeDuration "Inf" }}',
  '{{ if gt $value 1e6 }}big{{ else if gt $value 1000.0 }}mid{{ else }}small{{ end }}',
  '{{ if eq $labels.gpu "3" "0" }}yes{{ else }}no{{ end }} {{ if and (ge $value 10.0) (ne $labels.gpu "7") }}both{{ end }}',
  '{{ eq 1 1 }} {{ ne "a" "b" }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt 1.5 2.5 }} {{ ge "b" "a" }} {{ eq "a" "b" "a" }}',
  '{{ and true 0 }} {{ and 1 2 }} {{ or 0 "" "x" }} {{ or 0 "" }} {{ not 0 }} {{ not "a" }} {{ and 0 (index $labels 1) }}',
  '{{ len $labels }} {{ len "abc" }} {{ len (query "power") }} {{ $labels | len | printf "%03d" }}',
  '{{ index $labels "gpu" }} {{ index "abc" 1 }} {{ (index (query "sort(power)") 1).Value }}',
  '{{ slice "abcdef" 1 3 }} {{ slice "abcdef" 2 }} {{ slice "abc" }} {{ len (slice (query "power") 1) }}',
  '{{ print 1 2 "a" "b" 3 4.5 true nil }} {{ println "a" 1 }}|',
  '{{ html $labels.name }} {{ js $labels.name }} {{ urlquery $labels.name }}',
  '{{ printf "%5d|%-5d|%05d|%+d|%x|%X|%o|%b|%c|%q|%U" 42 42 42 42 255 255 8 5 65 65 65 }}',
  '{{ printf "%6.2f|%-8.1f|%08.3f|%+.1e|%g|%G|%v" $value $value $value $value $value $value $value }}',
  '{{ printf "%s|%10s|%-10s|%.2s|%q|%x" "abc" "abc" "abc" "abc" "a\\"b" "abc" }} {{ printf "%t %5t|%v" true false nil }}',
  '{{ printf "%d" $value }} {{ printf "%s" 5 }} {{ printf "%s %s" "a" }} {{ printf "%s" "a" "b" 3 }} {{ printf "%z" 3 }} {{ printf "100%%" }} {{ printf "%" }}',
  '{{ printf "%[2]s %[1]s" "a" "b" }} {{ printf "%*d|%-*d|%.*f" 5 42 6 42 2 3.14159 }} {{ printf "%[3]d" 1 }} {{ printf "%T %T %T" 1 "a" $labels }}',
  '{{ printf "%x %X %x" "hello" "hello" 3.5 }} {{ printf "%e %E %.0f %.3g %5.1f%%" 1234.5678 1234.5678 2.5 1234.5678 99.5 }} {{ printf "%v %v" 1e21 0.000001 }}',
  '{{ printf "% d|% x|%#x|%#o|%#q|%#v|%+q|%q" 5 "abc" 255 8 "a" "b" "é" "\\x00\\x7f" }} {{ printf "%+v|%v" $labels (args 1 "b") }}',
  '{{ define "x" }}[{{ . }}]{{ end }}{{ template "x" $value }}{{ template "x" }}',
  '{{ define "x" }}{{ .arg0 }}-{{ .arg1 }}-{{ .arg2 }}{{ end }}{{ template "x" args 1 "b" }}',
  '{{ args 1 2 3 4 5 6 7 8 9 10 11 }} {{ block "y" $labels.gpu }}<{{ . }}>{{ end }}',
  '{{ range $i, $e := query "sort(power)" }}{{ $i }}={{ $e.Labels.gpu }}:{{ $e.Value }} {{ end }}',
  '{{ range query "nothing" }}x{{ else }}nothing{{ end }} {{ with query "nothing" }}x{{ else }}none{{ end }}',
  '{{ range sortByLabel "gpu" (query "power") }}{{ .Labels.gpu }}{{ .Value }};{{ end }}',
  '{{ with query "power{gpu=\'1\'}" }}{{ . | first | value | humanize }} {{ . | first | label "gpu" }} {{ . | first }}{{ end }}',
  '{{ query "count(power)" | first | value }} {{ query "scalar(power{gpu=\'0\'})" | first | value }} {{ strvalue (first (query "power")) }}|',
  '{{ $q := query "sort_desc(power)" }}{{ $s := sortByLabel "gpu" $q }}{{ range $q }}{{ .Labels.gpu }}{{ end }}{{ len $s }}',
  '{{ $t := printf "power{gpu=%q}" $labels.gpu }}{{ query $t | first | value }} W',
  '{{ range $k, $v := $labels }}{{ $k }}={{ $v }},{{ end }} {{ range $v := $labels }}{{ $v }},{{ end }}',
  '{{ range $i, $e := query "sort(power)" }}{{ if $i }}{{ break }}{{ end }}{{ $e.Value }}{{ end }}',
  '{{ range $i, $e := query "sort(power)" }}{{ if not $i }}{{ continue }}{{ end }}{{ $e.Value }}{{ end }}',
  '{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }} {{ if true }}{{ $x := 3 }}{{ $x }}{{ end }}{{ $x }}',
  '{{ $x := 0.0 }}{{ range query "sort(power)" }}{{ $x = .Value }}{{ end }}{{ $x }}',
  '{{/* a comment */}}a{{- /* b */ -}} b   {{- 1 -}}  c {{ 2 -}} d {{- 3 }}',
  '{{ with $labels.gpu }}{{ . }}{{ $.Value }}{{ else }}no{{ end }} {{ with $x := 5 }}{{ $x }}{{ . }}{{ end }}',
  '{{ $labels.host | stripPort }} {{ $labels.host | stripDomain }} {{ stripPort "[::1]:9" }} {{ stripDomain "[::1]:9" }} {{ stripDomain "10.0.0.1:9400" }}',
  '{{ "abc def-ghi" | title }} {{ toUpper "aé" }} {{ toLower "ÀB" }}',
  '{{ match "a.*" "abc" }} {{ match "^b" "abc" }} {{ match "a.c" "a\\nc" }} {{ if match "^node" $labels.host }}a node{{ end }}',
  '{{ reReplaceAll "(.*):.*" "$1" $labels.host }} {{ reReplaceAll "a*" "X" "baac" }} {{ reReplaceAll "" "-" "abc" }} {{ reReplaceAll "é" "e" "aéb" }}',
  '{{ reReplaceAll "(?P<n>b)" "<${n}$$>" "abcb" }} {{ reReplaceAll "^a" "x" "aaa" }} {{ reReplaceAll "\\\\b" "|" "ab cd" }}',
  '{{ graphLink "up{a=\\"b\\"} > 1" }} {{ tableLink "rate(x[5m])" }} {{ safeHtml "<b>" }}',
  '{{ parseDuration "1h30m" }} {{ parseDuration "0" }} {{ if gt $value (parseDuration "1h") }}long{{ end }}',
  '{{ toTime $value }} {{ (toTime 1435065584.128).Format "2006-01-02T15:04:05.000Z07:00 Mon Jan _2 3:04PM 002" }}',
  '{{ (toTime 1435065584.128).Year }} {{ (toTime 1435065584.128).Month }} {{ (toTime 0).Weekday }} {{ (toTime 1435065584.128).Unix }} {{ ((toTime 1e9).AddDate 0 1 0).Day }}',
  '{{ (toTime 100).Sub (toTime 40) }} {{ ((toTime 7200.5).Sub (toTime 0)).Hours }} {{ (toTime 0).UTC.Hour }}',
  "{{ 'a' }} {{ 0x1F }} {{ 1_000 }} {{ 1e3 }} {{ .5 }} {{ -3 }} {{ 0b11 }} {{ 017 }} {{ 1.0 }} {{ 1e30 }}",
  '{{ true }} {{ "a\\tb" }} {{ `raw\\n` }} {{ "\\u00e9\\x41\\101" }} {{ $.Value }} {{ $value | }}',
  '{{ (query "power" | first).Labels.gpu | len }} {{ ($labels.gpu) }} {{ (.Value) }} {{ .Labels.gpu | printf "%s-%s" "a" }}',
  '{{ or (eq 1 2) (eq 1 1) }} {{ ge $value 100.0 | not }} {{ eq nil nil }} {{ if (args 1).nope }}a{{ else }}b{{ end }} {{ (args 1).nope }}',
  '{{ printf "%s" (toTime 0) }} {{ printf "%d" (toTime 0).Month }} {{ printf "%v|%d" (args 1).nope (args 1).nope }}',
  'one\n  {{- if true -}}\n  two\n{{- end }}\nthree {{\n $value\n}}\n',
  '{{ range query "sort(power)" -}}\n GPU {{ .Labels.gpu }}: {{ .Value | printf "%.0f" }} W\n{{ end -}}\n all',
  '{{ $labels.name | printf "%q" }} {{ $labels.name | html | printf "<%s>" }} {{ len $labels.name }}',
  '{{ range args 1 2 }}{{ . }}{{ end }}{{ range $k, $v := args "a" "b" }}{{ $k }}{{ $v }}{{ end }} {{ (args 1 2).arg1 }}',
  '{{ if $x := 0 }}a{{ else }}{{ $x }}{{ end }} {{ range $i, $x := query "nothing" }}{{ else }}{{ $x }}{{ end }}',
];

// promtool's unit tests know no external URL for these two functions: they fail there.
const OURS = '{{ externalURL }}{{ graphLink "up > 1" }} {{ pathPrefix }}';

// These give an error in the place of the text: the same one, with its place.
const FAILING = [
  '{{ query "nothing" | first }}',
  '{{ humanize "abc" }}',
  '{{ humanize $labels }}',
  '{{ toUpper $value }}',
  '{{ toUpper 5 }}',
  '{{ .Labels.gpu.foo }}',
  '{{ template "nope" }}',
  '{{ index $labels 1 }}',
  '{{ len 3 }}',
  'two lines\nand {{ $value | printf }} {{ range $value }}{{ end }}',
  '{{ $value 1 }}',
  '{{ nil }}',
  '{{ humanize 1 2 }}',
  '{{ parseDuration "5" }}',
  '{{ humanizeTimestamp 1e30 }}',
  '{{ label "a" $value }}',
  '{{ eq 1 }}',
  '{{ lt $labels $labels }}',
  '{{ define "part" }}{{ .nope.more }}{{ .x }}{{ end }}{{ template "part" 5 }}',
];

// And these both refuse when the file is read.
const REFUSED = [
  '{{ foo }}', '{{ $foo }}', '{{ if true }}', '{{ end }}', '{{ "abc }}', '{{ 1 | 2 }}', '{{ | humanize }}', '{{ .a.b. }}', '{{ break }}', '{{ tmpl "x" . }}',
  '{{ define "q" }}{{ $labels.x }}{{ end }}', '{{ range $a, $b, $c := $labels }}{{ end }}', '{{if true}}{{else}}{{else}}{{end}}', '{{ 1a }}', '{{/* c }}', '{{ if }}x{{ end }}',
];

const SERIES = [
  ['heat', { gpu: '0', host: 'node-1.example.com:9400', name: 'A<b> "q" é' }, 1234567.25],
  ['power', { gpu: '0' }, 412.5],
  ['power', { gpu: '1' }, 80],
];
const REGION = { region: 'eu' };
const URL = 'http://pages.example:3000/gpus';

const labelText = (labels) => `{${Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`;
const ruleFile = (templates) => JSON.stringify({
  groups: [{
    name: 'templates', interval: '1s',
    rules: templates.map((text, i) => ({ alert: `T${i}`, expr: 'heat > 0', labels: { level: '{{ if gt $value 1e6 }}high{{ else }}low{{ end }}' }, annotations: { text } })),
  }],
});

const without = !has('promtool') && 'promtool is not installed';

describe('templates of alerts', () => {
  it('say what the real Prometheus says', { timeout: 120_000, skip: without }, async () => {
    const dir = temporaryFolder('algalon-templates');
    const write = (name, text) => fs.writeFileSync(path.join(dir, name), text);
    const templates = [...TEMPLATES, ...FAILING, OURS];
    write('rules.yml', ruleFile(templates));
    write('scrape.yml', JSON.stringify({ global: { external_labels: REGION }, scrape_configs: [] }));
    const host = await Algalon.start({ command: 'host', args: [`--scrape-config=${dir}/scrape.yml`, `--rules=${dir}/rules.yml`, `--external-url=${URL}/`] });
    try {
      const body = SERIES.map(([name, labels, value]) => `${name}${labelText(labels)} ${value}\n`).join('');
      assert.ok((await fetch(`${host.api}/api/v1/import/prometheus`, { method: 'POST', body })).ok);
      const alerts = async () => (await (await fetch(`${host.api}/api/v1/alerts`)).json()).data.alerts;
      const ours = await until('every alert fires', 30, async () => (await alerts()).length === templates.length && alerts());
      const said = new Map(ours.map(({ labels, annotations }) => [labels.alertname, annotations.text]));
      FAILING.forEach((text, i) => assert.match(said.get(`T${TEMPLATES.length + i}`), /^<error expanding template: error executing template __alert_T/, text));
      assert.equal(said.get(`T${templates.indexOf(OURS)}`), `${URL}/graph?g0.expr=up+%3E+1&g0.tab=0 /gpus`);
      write('test.yml', JSON.stringify({
        rule_files: ['rules.yml'],
        evaluation_interval: '1m',
        tests: [{
          interval: '1m',
          external_labels: REGION,
          external_url: URL,
          input_series: SERIES.map(([name, labels, value]) => ({ series: `${name}${labelText(labels)}`, values: `${value}x5` })),
          alert_rule_test: templates.slice(0, -1).map((_, i) => ({
            eval_time: '2m', alertname: `T${i}`, exp_alerts: [{ exp_labels: { ...SERIES[0][1], level: 'high' }, exp_annotations: { text: said.get(`T${i}`) } }],
          })),
        }],
      }));
      const { code, out, err } = run('promtool', ['test', 'rules', 'test.yml'], { cwd: dir, timeout: 60_000 });
      assert.equal(code, 0, out + err);
      const metrics = await (await fetch(`${host.api}/metrics`)).text();
      assert.match(metrics, /^algalon_rules_template_failures_total [1-9]/m);
    } finally {
      await host.stop();
    }
  });

  it('are refused where the real Prometheus refuses them, with file, line and column', { timeout: 60_000, skip: without }, () => {
    const dir = temporaryFolder('algalon-templates');
    const file = path.join(dir, 'rules.yml');
    for (const text of REFUSED) {
      fs.writeFileSync(file, `groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    annotations:\n      text: >-\n        before\n        ${text}\n`);
      assert.notEqual(run('promtool', ['check', 'rules', file]).code, 0, `promtool takes ${text}`);
      const { code, out, err } = run(binary, ['check', file]);
      assert.notEqual(code, 0, `we take ${text}`);
      assert.match(out + err, /rules\.yml:9:\d+: error: template of text: /, text);
    }
  });

  it('are looked at by algalon check: a query that cannot be read is an error', () => {
    const file = path.join(temporaryFolder('algalon-templates'), 'rules.yml');
    fs.writeFileSync(file, 'groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    annotations:\n      text: "{{ query `sum(up` }} {{ query \\"up\\" }}"\n');
    const { code, out, err } = run(binary, ['check', file]);
    assert.equal(code, 1, out + err);
    assert.match(out + err, /rules\.yml:7: error: alert A: it cannot be read: 1:7: /);
  });
});
