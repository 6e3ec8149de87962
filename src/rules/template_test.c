/* template_test.c - templates: what they say, where they fail, what is refused. Both tables of what
 * is said were compared with the template package of Prometheus 3.8. */
#include "rules/template.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FAILED "<error expanding template: error executing template __alert_T: template: "

struct said {
    const char *text, *wanted;
};

struct refused {
    const char *text;
    size_t at;
    const char *wanted;
};

static const struct said said[] = {
    {"plain", "plain"},
    {"GPU {{ $labels.gpu }} of {{$labels.host}}", "GPU 3 of node-1.example.com:9400"},
    {"{{ .Labels.gpu }} {{ .Value }} {{ .ExternalLabels.region }} {{ .ExternalURL }}",
     "3 1.23456725e+06 eu http://h:1/p"},
    {"{{ $labels.none }}!{{ $externalLabels.none }}", "!"},
    {"{{ $value }} {{ $externalLabels.region }} {{ $externalURL }} {{ externalURL }} {{ pathPrefix "
     "}}",
     "1.23456725e+06 eu http://h:1/p http://h:1/p /p"},
    {"{{ $labels }} {{ . }}", "map[gpu:3 host:node-1.example.com:9400 name:A<b> \"q\" \xc3\xa9] "
                              "{map[gpu:3 host:node-1.example.com:9400 name:A<b> \"q\" \xc3\xa9] "
                              "map[region:eu] http://h:1/p 1.23456725e+06}"},
    {"{{ printf \"%v %s %d %q\" $labels $labels $labels $labels }}",
     "map[gpu:3 host:node-1.example.com:9400 name:A<b> \"q\" \xc3\xa9] map[gpu:3 "
     "host:node-1.example.com:9400 name:A<b> \"q\" \xc3\xa9] map[%!d(string=gpu):%!d(string=3) "
     "%!d(string=host):%!d(string=node-1.example.com:9400) %!d(string=name):%!d(string=A<b> \"q\" "
     "\xc3\xa9)] map[\"gpu\":\"3\" \"host\":\"node-1.example.com:9400\" \"name\":\"A<b> \\\"q\\\" "
     "\xc3\xa9\"]"},
    {"{{ printf \"%+v|%#v\" $labels $labels }}",
     "map[gpu:3 host:node-1.example.com:9400 name:A<b> \"q\" "
     "\xc3\xa9]|map[string]string{\"gpu\":\"3\", \"host\":\"node-1.example.com:9400\", "
     "\"name\":\"A<b> \\\"q\\\" \xc3\xa9\"}"},
    {"{{ printf \"%+v\" . }}",
     "{Labels:map[gpu:3 host:node-1.example.com:9400 name:A<b> \"q\" \xc3\xa9] "
     "ExternalLabels:map[region:eu] ExternalURL:http://h:1/p Value:1.23456725e+06}"},
    {"{{ $value | humanize }} {{ $value | humanize1024 }} {{ $value | humanizeDuration }} {{ "
     "$value | humanizePercentage }} {{ $value | humanizeTimestamp }}",
     "1.235M 1.177Mi 14d 6h 56m 7s 1.235e+08% 1970-01-15 06:56:07.25 +0000 UTC"},
    {"{{ range $i, $e := query \"up\" }}{{ $i }}={{ $e.Labels.job }}:{{ $e.Value }} {{ end }}",
     "0=b:1 1=a:2.5 "},
    {"{{ range query \"none\" }}x{{ else }}nothing{{ end }}", "nothing"},
    {"{{ range sortByLabel \"job\" (query \"up\") }}{{ .Labels.job }}{{ .Value }};{{ end }}",
     "a2.5;b1;"},
    {"{{ with query \"up\" }}{{ . | first | value | humanize }}{{ . | first | label \"job\" }}{{ "
     "end }}",
     "1b"},
    {"{{ query \"up\" | first }}", "{map[__name__:up job:b] 1}"},
    {"{{ if gt $value 1e6 }}big{{ else if gt $value 1000.0 }}mid{{ else }}small{{ end }}", "big"},
    {"{{ if eq $labels.gpu \"3\" \"4\" }}yes{{ else }}no{{ end }}", "yes"},
    {"{{ eq 1 1 }} {{ ne \"a\" \"b\" }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt 1.5 2.5 }} {{ ge \"b\" "
     "\"a\" }}",
     "true true true true false true"},
    {"{{ and true 0 }} {{ and 1 2 }} {{ or 0 \"\" \"x\" }} {{ or 0 \"\" }} {{ not 0 }} {{ not "
     "\"a\" }}",
     "0 2 x  true false"},
    {"{{ and 0 (index $labels 1) }}", "0"},
    {"{{ len $labels }} {{ len \"abc\" }} {{ len (query \"up\") }}", "3 3 2"},
    {"{{ index $labels \"gpu\" }} {{ index (query \"up\") 1 }} {{ index \"abc\" 1 }}",
     "3 {map[__name__:up job:a] 2.5} 98"},
    {"{{ slice \"abcdef\" 1 3 }} {{ slice \"abcdef\" 2 }} {{ slice \"abc\" }}", "bc cdef abc"},
    {"{{ print 1 2 \"a\" \"b\" 3 4.5 true nil }} {{ println \"a\" 1 }}",
     "1 2ab3 4.5 true <nil> a 1\n"},
    {"{{ html $labels.name }} {{ js $labels.name }} {{ urlquery $labels.name }}",
     "A&lt;b&gt; &#34;q&#34; \xc3\xa9 A\\u003Cb\\u003E \\\"q\\\" \xc3\xa9 A%3Cb%3E+%22q%22+%C3%A9"},
    {"{{ $labels.name | urlQueryEscape }}", "A%3Cb%3E+%22q%22+%C3%A9"},
    {"{{ printf \"%5d|%-5d|%05d|%+d|%x|%X|%o|%b|%c|%q|%U\" 42 42 42 42 255 255 8 5 65 65 65 }}",
     "   42|42   |00042|+42|ff|FF|10|101|A|'A'|U+0041"},
    {"{{ printf \"%6.2f|%-8.1f|%08.3f|%+.1e|%g|%G\" $value $value $value $value $value $value }}",
     "1234567.25|1234567.2|1234567.250|+1.2e+06|1.23456725e+06|1.23456725E+06"},
    {"{{ printf \"%s|%10s|%-10s|%.2s|%q|%x\" \"abc\" \"abc\" \"abc\" \"abc\" \"a\\\"b\" \"abc\" }}",
     "abc|       abc|abc       |ab|\"a\\\"b\"|616263"},
    {"{{ printf \"%t %v\" true false }}", "true false"},
    {"{{ printf \"%d\" $value }}", "%!d(float64=1.23456725e+06)"},
    {"{{ printf \"%s\" 5 }}", "%!s(int=5)"},
    {"{{ printf \"%s %s\" \"a\" }}", "a %!s(MISSING)"},
    {"{{ printf \"%s\" \"a\" \"b\" 3 }}", "a%!(EXTRA string=b, int=3)"},
    {"{{ printf \"%[2]s %[1]s\" \"a\" \"b\" }}", "b a"},
    {"{{ printf \"%*d|%-*d|%.*f\" 5 42 6 42 2 3.14159 }}", "   42|42    |3.14"},
    {"{{ printf \"%z\" 3 }}", "%!z(int=3)"},
    {"{{ printf \"100%%\" }}", "100%"},
    {"{{ printf \"%\" }}", "%!(NOVERB)"},
    {"{{ printf \"%!\" }}", "%!!(MISSING)"},
    {"{{ printf \"%v\" nil }}", "<nil>"},
    {"{{ printf \"%T %T %T %T\" 1 \"a\" 1.5 $labels }}", "int string float64 map[string]string"},
    {"{{ define \"x\" }}[{{ . }}]{{ end }}{{ template \"x\" $value }}{{ template \"x\" }}",
     "[1.23456725e+06][<no value>]"},
    {"{{ define \"x\" }}{{ .arg0 }}-{{ .arg1 }}-{{ .arg2 }}{{ end }}{{ template \"x\" args 1 \"b\" "
     "}}",
     "1-b-<no value>"},
    {"{{ args 1 2 3 4 5 6 7 8 9 10 11 }}",
     "map[arg0:1 arg1:2 arg10:11 arg2:3 arg3:4 arg4:5 arg5:6 arg6:7 arg7:8 arg8:9 arg9:10]"},
    {"{{ block \"y\" $labels.gpu }}<{{ . }}>{{ end }}", "<3>"},
    {"{{ range $k, $v := $labels }}{{ $k }}={{ $v }},{{ end }}",
     "gpu=3,host=node-1.example.com:9400,name=A<b> \"q\" \xc3\xa9,"},
    {"{{ range $v := $labels }}{{ $v }},{{ end }}",
     "3,node-1.example.com:9400,A<b> \"q\" \xc3\xa9,"},
    {"{{ range 3 }}{{ . }}{{ end }}", "012"},
    {"{{ range $i := 3 }}{{ $i }}{{ end }}", "012"},
    {"{{ range $i, $e := query \"up\" }}{{ if $i }}{{ break }}{{ end }}{{ $e.Value }}{{ end }}",
     "1"},
    {"{{ range $i, $e := query \"up\" }}{{ if not $i }}{{ continue }}{{ end }}{{ $e.Value }}{{ end "
     "}}",
     "2.5"},
    {"{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"},
    {"{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}", "21"},
    {"{{ $x := 0 }}{{ range query \"up\" }}{{ $x = .Value }}{{ end }}{{ $x }}", "2.5"},
    {"{{/* a comment */}}a{{- /* b */ -}} b", "ab"},
    {"a  {{- 1 -}}  b {{ 2 -}} c {{- 3 }}", "a1b 2c3"},
    {"{{ with $labels.gpu }}{{ . }}{{ else }}no{{ end }}{{ with $labels.none }}x{{ else }}none{{ "
     "end }}",
     "3none"},
    {"{{ with $labels.none }}a{{ else with $labels.gpu }}b{{ . }}{{ else }}c{{ end }}", "b3"},
    {"{{ $labels.host | stripPort }} {{ $labels.host | stripDomain }} {{ stripPort \"[::1]:9\" }}",
     "node-1.example.com node-1:9400 ::1"},
    {"{{ \"don't a.b a..b x_y 3abc _abc it's 3pm (q) \xc3\xa9-d a:b a.5.b 9.a\" | title }}",
     "Don't A.b A..B X_y 3Abc _Abc It's 3Pm (Q) \xc3\x89-D A:b A.5.b 9.A"},
    {"{{ \"abc def-ghi\" | title }} {{ toUpper \"a\xc3\xa9\" }} {{ toLower \"\xc3\x80"
     "B\" }}",
     "Abc Def-Ghi A\xc3\x89 \xc3\xa0"
     "b"},
    {"{{ match \"a.*\" \"abc\" }} {{ match \"^b\" \"abc\" }} {{ match \"a.c\" \"a\\nc\" }}",
     "true false false"},
    {"{{ reReplaceAll \"(.*):.*\" \"$1\" $labels.host }} {{ reReplaceAll \"a*\" \"X\" \"baac\" }} "
     "{{ reReplaceAll \"\" \"-\" \"abc\" }} {{ reReplaceAll \"\xc3\xa9\" \"e\" \"a\xc3\xa9"
     "b\" }}",
     "node-1.example.com XbXcX -a-b-c- aeb"},
    {"{{ reReplaceAll \"(?P<n>b)\" \"<${n}$$>\" \"abcb\" }} {{ reReplaceAll \"^a\" \"x\" \"aaa\" "
     "}} {{ reReplaceAll \"\\\\b\" \"|\" \"ab cd\" }}",
     "a<b$>c<b$> xaa |ab| |cd|"},
    {"{{ graphLink \"up{a=\\\"b\\\"} > 1\" }} {{ tableLink \"rate(x[5m])\" }}",
     "/graph?g0.expr=up%7Ba%3D%22b%22%7D+%3E+1&g0.tab=0 "
     "/graph?g0.expr=rate%28x%5B5m%5D%29&g0.tab=1"},
    {"{{ safeHtml \"<b>\" }}", "<b>"},
    {"{{ parseDuration \"1h30m\" }} {{ parseDuration \"-5s\" }} {{ parseDuration \"0\" }}",
     "5400 -5 0"},
    {"{{ toTime $value }} {{ (toTime 1435065584.128).Format \"2006-01-02T15:04:05.000Z07:00 Mon "
     "Jan _2 3:04PM 002\" }}",
     "1970-01-15 06:56:07.25 +0000 UTC 2015-06-23T13:19:44.128Z Tue Jun 23 1:19PM 174"},
    {"{{ (toTime 1435065584.128).Year }} {{ (toTime 1435065584.128).Month }} {{ (toTime "
     "1435065584.128).Weekday }} {{ (toTime 1435065584.128).Unix }} {{ (toTime "
     "1435065584.128).YearDay }} {{ ((toTime 1435065584.128).AddDate 0 1 0).Day }}",
     "2015 June Tuesday 1435065584 174 23"},
    {"{{ now | toTime }} {{ now }}", "2023-11-14 22:13:20.122 +0000 UTC 1.700000000123e+09"},
    {"{{ toDuration 3661.5 }} {{ (toDuration 90).Minutes }} {{ toDuration 0.0015 }} {{ toDuration "
     "0 }} {{ toDuration 3600 }}",
     "1h1m1.5s 1.5 1.5ms 0s 1h0m0s"},
    {"{{ (toTime 100).Sub (toTime 40) }} {{ ((toTime 100).Add (toDuration 60)).Unix }}",
     "1m0s 160"},
    {"{{ humanize \"1e3\" }} {{ humanize 12345 }}", "1k 12.35k"},
    {"{{ eq nil 1 }} {{ eq nil nil }}", "false true"},
    {"{{ (printf \"%s\" \"x\") | toUpper }}", "X"},
    {"{{ printf \"%d %s\" 1 \"a\" | len }}", "3"},
    {"{{ 'a' }} {{ 0x1F }} {{ 1_000 }} {{ 1e3 }} {{ .5 }} {{ -3 }} {{ 0b11 }} {{ 017 }} {{ 1.0 }} "
     "{{ 1e30 }}",
     "97 31 1000 1000 0.5 -3 3 15 1 1e+30"},
    {"{{ true }} {{ false }} {{ \"a\\tb\" }} {{ `raw\\n` }}", "true false a\tb raw\\n"},
    {"{{ \"\\u00e9\\x41\\101\" }}", "\xc3\xa9"
                                    "AA"},
    {"{{ $ }}", "{map[gpu:3 host:node-1.example.com:9400 name:A<b> \"q\" \xc3\xa9] map[region:eu] "
                "http://h:1/p 1.23456725e+06}"},
    {"{{ $.Value }} {{ with 1 }}{{ $.Labels.gpu }}{{ end }}", "1.23456725e+06 3"},
    {"{{ strvalue (first (query \"up\")) }}|", "|"},
    {"{{ (query \"up\" | first).Labels.job }} {{ (index (query \"up\") 1).Value }}", "b 2.5"},
    {"{{ $q := query \"up\" }}{{ $s := sortByLabel \"job\" $q }}{{ range $q }}{{ .Labels.job }}{{ "
     "end }}",
     "ab"},
    {"{{ humanizeDuration 0.5 }} {{ humanizeDuration -90061 }} {{ humanizeDuration \"Inf\" }} {{ "
     "humanizePercentage \"0.1234\" }}",
     "500ms -1d 1h 1m 1s +Inf 12.34%"},
    {"{{ humanizeTimestamp \"NaN\" }}", "NaN"},
    {"{{ printf \"%x %X %x\" \"hello\" \"hello\" 3.5 }}", "68656c6c6f 68656C6C6F 0x1.cp+01"},
    {"{{ printf \"%08.3f|%-8v|%8v|%+v\" -3.14159 true \"x\" 1.5 }}",
     "-003.142|true    |       x|1.5"},
    {"{{ printf \"%e %E %.0f %.3g %5.1f%%\" 1234.5678 1234.5678 2.5 1234.5678 99.5 }}",
     "1.234568e+03 1.234568E+03 2 1.23e+03  99.5%"},
    {"{{ printf \"%v %v\" 1e21 0.000001 }}", "1e+21 1e-06"},
    {"{{ printf \"%s\" (toTime 0) }} {{ printf \"%v\" (toDuration 1.5) }} {{ printf \"%d\" (toTime "
     "0).Month }}",
     "1970-01-01 00:00:00 +0000 UTC 1.5s 1"},
    {"{{ printf \"%t\" \"x\" }} {{ printf \"%c\" \"x\" }} {{ printf \"%f\" \"x\" }}",
     "%!t(string=x) %!c(string=x) %!f(string=x)"},
    {"{{ printf \"%6.3v|%.3v\" \"abcdef\" 3.14159 }}", "   abc|3.14"},
    {"{{ printf \"% d|% x|%#x|%#o|%#q|%#v\" 5 \"abc\" 255 8 \"a\" \"b\" }}",
     " 5|61 62 63|0xff|010|`a`|\"b\""},
    {"{{ printf \"%+q %q\" \"\xc3\xa9\" \"\\x00\\x7f\" }}", "\"\\u00e9\" \"\\x00\\x7f\""},
    {"{{ printf \"%!d(MISSING)\" }}", "%!!(MISSING)d(MISSING)"},
    {"{{ printf \"%[3]d\" 1 }} {{ printf \"%[1]d %[1]v\" 7 }}", "%!d(BADINDEX) 7 7"},
    {"{{ printf \"%[x]d\" 1 }}", "%!d(BADINDEX)"},
    {"{{ printf \"%.f|%6.f\" 2.7 2.7 }}", "3|     3"},
    {"{{ printf \"%010d|%-010d|%+05d\" -42 42 42 }}", "-000000042|42        |+0042"},
    {"{{ printf \"%5t|%-7t|\" true false }}", " true|false  |"},
    {"{{ printf \"%v %d\" (index \"a\" 0) (index \"a\" 0) }}", "97 97"},
    {"}}", "}}"},
    {"   \"multi\" }}", "   \"multi\" }}"},
    {"{{ with $x := 5 }}{{ $x }}{{ . }}{{ end }}", "55"},
    {"{{ if $x := 0 }}a{{ else }}{{ $x }}{{ end }}", "0"},
    {"{{ range $i, $x := query \"none\" }}{{ else }}{{ $x }}{{ end }}", "[]"},
    {"{{ $labels | len | printf \"%03d\" }}", "003"},
    {"{{ or (eq 1 2) (eq 1 1) }}", "true"},
    {"{{ ge $value 100.0 | not }}", "false"},
    {"{{ index $labels }} {{ index 5 }}",
     "map[gpu:3 host:node-1.example.com:9400 name:A<b> \"q\" \xc3\xa9] 5"},
    {"{{ $x := query \"up\" }}{{ (index $x 0).Labels }}", "map[__name__:up job:b]"},
    {"{{ range args 1 2 }}{{ . }}{{ end }}{{ range $k, $v := args \"a\" \"b\" }}{{ $k }}{{ $v }}{{ "
     "end }}",
     "12arg0aarg1b"},
    {"{{ (args 1 2).arg1 }} {{ (args 1).nope }}", "2 <no value>"},
    {"{{ eq (args 1).nope nil }}", "true"},
    {"{{ if (args 1).nope }}a{{ else }}b{{ end }}", "b"},
    {"{{ printf \"%v|%d\" (args 1).nope (args 1).nope }}", "<nil>|%!d(<nil>)"},
    {"{{ ($labels.gpu) }} {{ (.Value) }}", "3 1.23456725e+06"},
    {"{{ .Labels.gpu | printf \"%s-%s\" \"a\" }}", "a-3"},
    {"{{ .Value | printf \"%.1f %s\" 1.0 }}", "1.0 %!s(float64=1.23456725e+06)"},
    {"{{ 5 | printf \"%d\" | printf \"<%s>\" }}", "<5>"},
    {"a\n  {{- 1 }}\n", "a1\n"},
    {"{{ if true -}}\n  x\n{{- end }}", "x"},
    {"{{ range query \"up\" -}}\n {{ .Labels.job }}\n{{ end -}}\n z", "b\na\nz"},
    {"{{\n$value\n}}", "1.23456725e+06"},
    {"{{ printf `a\nb` }}", "a\nb"},
};

static const struct said failed[] = {
    {"{{ query \"none\" | first }}", "__alert_T:1:130: executing \"__alert_T\" at <first>: error "
                                     "calling first: first() called on vector with no elements"},
    {"{{ query \"bad\" }}",
     "__alert_T:1:115: executing \"__alert_T\" at <query \"bad\">: error calling query: bad query"},
    {"{{ if eq $value 1 }}x{{ end }}",
     "__alert_T:1:118: executing \"__alert_T\" at <eq $value 1>: error calling eq: incompatible "
     "types for comparison: float64 and int"},
    {"{{ len 3 }}",
     "__alert_T:1:115: executing \"__alert_T\" at <len 3>: error calling len: len of type int"},
    {"{{ index (query \"up\") 5 }}", "__alert_T:1:115: executing \"__alert_T\" at <index (query "
                                     "\"up\") 5>: error calling index: index out of range: 5"},
    {"{{ index $labels 1 }}", "__alert_T:1:115: executing \"__alert_T\" at <index $labels 1>: "
                              "error calling index: value has type int; should be string"},
    {"{{ slice \"abc\" 4 }}", "__alert_T:1:115: executing \"__alert_T\" at <slice \"abc\" 4>: "
                              "error calling slice: index out of range: 4"},
    {"{{ slice \"abc\" 2 1 }}", "__alert_T:1:115: executing \"__alert_T\" at <slice \"abc\" 2 1>: "
                                "error calling slice: invalid slice index: 2 > 1"},
    {"{{ template \"nope\" }}", "__alert_T:1:124: executing \"__alert_T\" at <{{template "
                                "\"nope\"}}>: template \"nope\" not defined"},
    {"{{ range \"abc\" }}{{ end }}",
     "__alert_T:1:121: executing \"__alert_T\" at <\"abc\">: range can't iterate over abc"},
    {"{{ range $value }}{{ end }}", "__alert_T:1:121: executing \"__alert_T\" at <$value>: range "
                                    "can't iterate over 1.23456725e+06"},
    {"{{ range $i, $e := 3 }}{{ end }}", "__alert_T:1:131: executing \"__alert_T\" at <3>: can't "
                                         "use 3 to iterate over more than one variable"},
    {"{{ parseDuration \"5\" }}",
     "__alert_T:1:115: executing \"__alert_T\" at <parseDuration \"5\">: error calling "
     "parseDuration: not a valid duration string: \"5\""},
    {"{{ .Foo }}", "__alert_T:1:115: executing \"__alert_T\" at <.Foo>: can't evaluate field Foo "
                   "in type struct { Labels map[string]string; ExternalLabels map[string]string; "
                   "ExternalURL string; Value interface {} }"},
    {"{{ $labels.gpu.foo }}", "__alert_T:1:122: executing \"__alert_T\" at <$labels.gpu.foo>: "
                              "can't evaluate field foo in type string"},
    {"{{ $value.foo }}", "__alert_T:1:121: executing \"__alert_T\" at <$value.foo>: can't evaluate "
                         "field foo in type float64"},
    {"{{ humanize \"abc\" }}",
     "__alert_T:1:115: executing \"__alert_T\" at <humanize \"abc\">: error calling humanize: "
     "strconv.ParseFloat: parsing \"abc\": invalid syntax"},
    {"{{ humanize $labels }}", "__alert_T:1:115: executing \"__alert_T\" at <humanize $labels>: "
                               "error calling humanize: can't convert map[string]string to float"},
    {"{{ toUpper $value }}", "__alert_T:1:123: executing \"__alert_T\" at <$value>: wrong type for "
                             "value; expected string; got float64"},
    {"{{ toUpper 5 }}",
     "__alert_T:1:123: executing \"__alert_T\" at <5>: expected string; found 5"},
    {"{{ toUpper nil }}",
     "__alert_T:1:123: executing \"__alert_T\" at <nil>: cannot assign nil to string"},
    {"{{ first 5 }}", "__alert_T:1:121: executing \"__alert_T\" at <5>: can't handle 5 for arg of "
                      "type template.queryResult"},
    {"{{ first nil }}", "__alert_T:1:115: executing \"__alert_T\" at <first nil>: error calling "
                        "first: first() called on vector with no elements"},
    {"{{ value nil }}", "__alert_T:1:115: executing \"__alert_T\" at <value nil>: error calling "
                        "value: runtime error: invalid memory address or nil pointer dereference"},
    {"{{ label \"a\" $value }}", "__alert_T:1:125: executing \"__alert_T\" at <$value>: wrong type "
                                 "for value; expected *template.sample; got float64"},
    {"{{ humanize 1 2 }}", "__alert_T:1:115: executing \"__alert_T\" at <humanize>: wrong number "
                           "of args for humanize: want 1 got 2"},
    {"{{ printf }}", "__alert_T:1:115: executing \"__alert_T\" at <printf>: wrong number of args "
                     "for printf: want at least 1 got 0"},
    {"{{ eq 1 }}", "__alert_T:1:115: executing \"__alert_T\" at <eq 1>: error calling eq: missing "
                   "argument for comparison"},
    {"{{ eq }}", "__alert_T:1:115: executing \"__alert_T\" at <eq>: wrong number of args for eq: "
                 "want at least 1 got 0"},
    {"{{ lt \"a\" 1 }}", "__alert_T:1:115: executing \"__alert_T\" at <lt \"a\" 1>: error calling "
                         "lt: incompatible types for comparison: string and int"},
    {"{{ lt $labels $labels }}", "__alert_T:1:115: executing \"__alert_T\" at <lt $labels "
                                 "$labels>: error calling lt: invalid type for comparison"},
    {"{{ nil }}", "__alert_T:1:115: executing \"__alert_T\" at <nil>: nil is not a command"},
    {"{{ $value 1 }}", "__alert_T:1:115: executing \"__alert_T\" at <$value>: can't give argument "
                       "to non-function $value"},
    {"{{ 1 | $value }}", "__alert_T:1:119: executing \"__alert_T\" at <$value>: can't give "
                         "argument to non-function $value"},
    {"{{ \"a\" 1 }}", "__alert_T:1:115: executing \"__alert_T\" at <\"a\">: can't give argument to "
                      "non-function \"a\""},
    {"{{ (\"a\") 1 }}", "__alert_T:1:115: executing \"__alert_T\" at <(\"a\") 1>: can't give "
                        "argument to non-function \"a\""},
    {"{{ humanizeTimestamp 1e30 }}",
     "__alert_T:1:115: executing \"__alert_T\" at <humanizeTimestamp 1e30>: error calling "
     "humanizeTimestamp: 1e+30 cannot be represented as a nanoseconds timestamp since it overflows "
     "int64"},
    {"{{ toTime \"NaN\" }}", "__alert_T:1:115: executing \"__alert_T\" at <toTime \"NaN\">: error "
                             "calling toTime: value is NaN or Inf"},
    {"{{ humanize | }}", "__alert_T:1:115: executing \"__alert_T\" at <humanize>: wrong number of "
                         "args for humanize: want 1 got 0"},
    {"{{ . | len }}", "__alert_T:1:119: executing \"__alert_T\" at <len>: error calling len: len "
                      "of type struct { Labels map[string]string; ExternalLabels "
                      "map[string]string; ExternalURL string; Value interface {} }"},
    {"{{ and }}", "__alert_T:1:115: executing \"__alert_T\" at <and>: wrong number of args for "
                  "and: want at least 1 got 0"},
    {"{{ not }}", "__alert_T:1:115: executing \"__alert_T\" at <not>: wrong number of args for "
                  "not: want 1 got 0"},
    {"{{ index 5 1 }}", "__alert_T:1:115: executing \"__alert_T\" at <index 5 1>: error calling "
                        "index: can't index item of type int"},
    {"{{ index nil 1 }}", "__alert_T:1:115: executing \"__alert_T\" at <index nil 1>: error "
                          "calling index: index of untyped nil"},
    {"{{ slice $labels 1 }}", "__alert_T:1:115: executing \"__alert_T\" at <slice $labels 1>: "
                              "error calling slice: can't slice item of type map[string]string"},
    {"{{ (first (query \"up\")).Foo }}", "__alert_T:1:129: executing \"__alert_T\" at <\"up\">: "
                                         "can't evaluate field Foo in type *template.sample"},
    {"{{ humanize (args 1).nope }}",
     "__alert_T:1:115: executing \"__alert_T\" at <humanize (args 1).nope>: error calling "
     "humanize: can't convert <nil> to float"},
    {"line1\nline2 {{ .Foo }}",
     "__alert_T:2:9: executing \"__alert_T\" at <.Foo>: can't evaluate field Foo in type struct { "
     "Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value "
     "interface {} }"},
};

static const struct refused refused[] = {
    {"{{if}}x{{end}}", 4, "a value or a function is wanted here"},
    {"{{ if true }}x", 3, "a block without its {{end}}"},
    {"{{ end }}", 3, "this belongs to no if, range, with or define"},
    {"{{ else }}", 3, "this belongs to no if, range, with or define"},
    {"{{ foo }}", 3, "no function has this name: 'foo'"},
    {"{{ $foo }}", 3, "no variable has this name here: '$foo'"},
    {"{{ 1 | 2 }}", 7, "a function is wanted behind '|'"},
    {"{{ | humanize }}", 3, "a value or a function is wanted here"},
    {"{{ ( }}", 5, "'(' without its ')'"},
    {"{{ ) }}", 3, "')' without its '('"},
    {"{{ \"abc }}", 3, "text without its closing quote"},
    {"{{ 'ab' }}", 3, "one character is wanted between '...': ''ab''"},
    {"{{ .a.b. }}", 7, "a blank, '|' or the end of the action is wanted here: '.'"},
    {"{{ \"a\".b }}", 6, "what stands before this '.' has no fields"},
    {"{{ break }}", 3, "break and continue belong into a range"},
    {"{{ define \"a\" }}", 10, "a block without its {{end}}"},
    {"{{ if true }}{{ define \"a\" }}{{ end }}{{ end }}", 16,
     "define stands outside of other blocks"},
    {"{{ template x }}", 12, "a name in quotes is wanted here: 'x'"},
    {"{{ tmpl \"x\" . }}", 3, "tmpl is for console pages: write template \"NAME\""},
    {"{{ 1a }}", 3, "this is no number"},
    {"{{ $x, $y := 1 }}", 6, "only range declares two variables, and never more"},
    {"{{ /* c */ }}", 3, "this character means nothing in an action"},
    {"{{/* c }}", 0, "a comment without its '*/'"},
    {"{{ range $a, $b, $c := $labels }}{{ end }}", 16,
     "only range declares two variables, and never more"},
    {"{{ \"\\q\" }}", 3, "an escape that is not known: \\n, \\t, \\\", \\\\, \\xNN, \\uNNNN"},
    {"{{ x y", 0, "'{{' without its '}}'"},
    {"{{ printf \"%s\"", 0, "'{{' without its '}}'"},
    {"{{ #foo }}", 3, "this character means nothing in an action"},
    {"{{ .foo-bar }}", 3, "a name is wanted here: letters, digits and '_'"},
    {"{{ 99999999999999999999 }}", 3, "this is no number: '99999999999999999999'"},
    {"{{ define \"q\" }}{{ $labels.x }}{{ end }}", 19, "no variable has this name here: '$labels'"},
    {"{{if true}}{{else}}{{else}}{{end}}", 17, "a second else"},
};

static int query(void *self, struct str expr, const struct template_sample **ret, size_t *ret_len,
                 struct error *err)
{
    static const struct label b[] = {{STR("__name__"), STR("up")}, {STR("job"), STR("b")}};
    static const struct label a[] = {{STR("__name__"), STR("up")}, {STR("job"), STR("a")}};
    static const struct template_sample samples[] = {{{b, 2}, 1}, {{a, 2}, 2.5}};

    (void)self;
    if (str_is(expr, "bad"))
        return error_set(err, -EINVAL, "bad query");
    *ret = samples;
    *ret_len = str_is(expr, "none") ? 0 : ARRAY_LEN(samples);
    return 0;
}

/* What the template says of one sample. */
static bool say(const char *text, uint64_t deadline_mono_ns, struct buf *to)
{
    static const struct label items[] = {{STR("gpu"), STR("3")},
                                         {STR("host"), STR("node-1.example.com:9400")},
                                         {STR("name"), STR("A<b> \"q\" \xc3\xa9")}};
    static const struct label external[] = {{STR("region"), STR("eu")}};
    const struct template_input in = {.alert = STR("T"),
                                      .labels = {items, ARRAY_LEN(items)},
                                      .external_labels = {external, ARRAY_LEN(external)},
                                      .external_url = STR("http://h:1/p"),
                                      .value = 1234567.25,
                                      .now_ms = 1700000000123,
                                      .deadline_mono_ns = deadline_mono_ns,
                                      .query = query};
    const struct template *t;
    struct error err = {0};
    struct arena a;
    size_t at;

    arena_init(&a, 0);
    if (template_parse(str_of(text), &a, &t, &at, &err))
        fail_msg("%s: %s at %zu", text, err.text, at);
    bool good = template_expand(t, &in, to);
    arena_fini(&a);
    return good;
}

static void check(const struct said *cases, size_t n, bool good)
{
    for (size_t i = 0; i < n; i++) {
        struct buf text, wanted;
        buf_init(&text, 0);
        buf_init(&wanted, 0);
        buf_printf(&wanted, good ? "%s" : FAILED "%s>", cases[i].wanted);
        assert_int_equal(say(cases[i].text, 0, &text), good);
        if (!str_equal(buf_str(&text), buf_str(&wanted)))
            fail_msg("%s: %.*s is not %.*s", cases[i].text, STR_ARG(buf_str(&text)),
                     STR_ARG(buf_str(&wanted)));
        buf_fini(&text);
        buf_fini(&wanted);
    }
}

static void templates_say_what_prometheus_says(void **state)
{
    (void)state;
    check(said, ARRAY_LEN(said), true);
}

static void what_fails_is_said_in_the_words_of_prometheus(void **state)
{
    (void)state;
    check(failed, ARRAY_LEN(failed), false);
}

static void what_is_not_understood_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        const struct template *t;
        struct error err = {0};
        struct arena a;
        size_t at;
        arena_init(&a, 0);
        if (template_parse(str_of(refused[i].text), &a, &t, &at, &err) != -EINVAL)
            fail_msg("%s is taken", refused[i].text);
        if (at != refused[i].at || !str_is(str_of(err.text), refused[i].wanted))
            fail_msg("%s: %s at %zu", refused[i].text, err.text, at);
        arena_fini(&a);
    }
}

static void a_template_is_kept_within_bounds(void **state)
{
    static const struct said cases[] = {
        {"{{ range 10000 }}0123456789{{ end }}", "it says more than 65536 bytes>"},
        {"{{ printf \"%9999s\" 1 | html | printf \"%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s\" }}",
         "a text has 65536 bytes at most>"},
        {"{{ range 9000000 }}{{ end }}", "it takes more than 1000000 steps>"},
        {"{{ range 9000 }}{{ $x := printf \"%9000s\" . }}{{ end }}", "it takes more than 16 MiB>"},
        {"{{ define \"r\" }}{{ template \"r\" }}{{ end }}{{ template \"r\" }}",
         "nested more than 500 deep>"},
        {"{{ range 101 }}{{ $x := query \"up\" }}{{ end }}", "more than 100 queries>"},
        {"{{ match \"(x+x+)+[yz]\" (reReplaceAll \".\" \"x\" (printf \"%99s\" \"\")) }}",
         "takes too many steps on this text>"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf text;
        buf_init(&text, 0);
        if (say(cases[i].text, 0, &text))
            fail_msg("%s: no failure", cases[i].text);
        if (!str_starts(buf_str(&text), STR(FAILED)) ||
            !str_ends(buf_str(&text), str_of(cases[i].wanted)))
            fail_msg("%s: %.*s", cases[i].text, STR_ARG(buf_str(&text)));
        buf_fini(&text);
    }
}

static void a_template_ends_at_its_deadline(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    assert_false(say("{{ range 900000 }}{{ end }}", 1, &text));
    assert_true(str_ends(buf_str(&text), STR("it takes too long>")));
    buf_fini(&text);
}

static void a_template_that_is_too_long_or_too_deep_is_refused(void **state)
{
    const struct template *t;
    struct error err = {0};
    struct arena a;
    struct buf text;
    size_t at;

    (void)state;
    arena_init(&a, 0);
    buf_init(&text, 0);
    for (size_t i = 0; i < TEMPLATE_TEXT_MAX / 8 + 1; i++)
        buf_text(&text, "12345678");
    assert_int_equal(template_parse(buf_str(&text), &a, &t, &at, &err), -EINVAL);
    assert_string_equal(err.text, "a template has 65536 bytes at most");
    buf_reset(&text);
    for (size_t i = 0; i < 200; i++)
        buf_text(&text, "{{ if 1 }}");
    assert_int_equal(template_parse(buf_str(&text), &a, &t, &at, &err), -EINVAL);
    assert_string_equal(err.text, "blocks or parentheses are nested too deep");
    buf_fini(&text);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_say_what_prometheus_says),
        cmocka_unit_test(what_fails_is_said_in_the_words_of_prometheus),
        cmocka_unit_test(what_is_not_understood_is_refused_with_its_place),
        cmocka_unit_test(a_template_is_kept_within_bounds),
        cmocka_unit_test(a_template_ends_at_its_deadline),
        cmocka_unit_test(a_template_that_is_too_long_or_too_deep_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
