# journalctl: lines of sandbox/journal (microseconds, transport, unit, identifier, kind, text) as journald would have them.
# The cursor of a line is its number.
BEGIN {
	FS = "\t"
	for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i
	# Not by -v, which takes backslashes away.
	matches = ENVIRON["matches"]
	groups = split(matches, group, / *\+ */)
	start = cursor ~ /^s=sandbox;i=[0-9]+$/ ? substr(cursor, 13) + 0 : 1
}

NR > last { exit }
NR < first || NR < start { next }
(since != "" && $1 < since * 1000000) || (until != "" && $1 > until * 1000000) { next }
unique != "" {
	value = field(unique)
	if (value != "" && !(value in seen_values)) print value
	seen_values[value]
	next
}
is_meant() { found[++many] = entry() }

END {
	from = lines != "" && many > lines ? many - lines + 1 : 1
	if (reverse) for (i = many; i >= from; i--) print found[i]
	else for (i = from; i <= many; i++) print found[i]
}

# What a field of this line holds. systemd writes about units as process 1.
function field(name) {
	if (name == "_TRANSPORT") return $2
	if (name == "SYSLOG_IDENTIFIER") return $4
	if (name == "MESSAGE_ID") return $5
	if (name == "_PID") return $2 == "journal" ? "1" : $2 == "kernel" ? "" : "4711"
	if (name == "_UID") return $2 == "kernel" ? "" : "0"
	if (name == "_SYSTEMD_SLICE") return $2 == "journal" ? "-.slice" : $2 == "kernel" ? "" : slice($3)
	if (name == "UNIT") return $2 == "journal" ? $3 : ""
	if (name == "_SYSTEMD_UNIT") return $2 == "journal" ? "init.scope" : $2 == "kernel" ? "" : $3
	return ""
}

# As systemd does without Slice=: instances of one template are together.
function slice(unit) {
	if (!sub(/@.*/, "", unit)) return "system.slice"
	gsub(/-/, "\\x2d", unit)
	return "system-" unit ".slice"
}

# Fields are joined by and, values of one field by or, groups by or.
function is_meant(   g, n, i, term, at, name, seen, held) {
	if (matches ~ /^ *$/) return 1
	for (g = 1; g <= groups; g++) {
		n = split(group[g], term, / +/)
		split("", seen)
		split("", held)
		for (i = 1; i <= n; i++) {
			at = index(term[i], "=")
			if (!at) continue
			name = substr(term[i], 1, at - 1)
			seen[name] = 1
			if (field(name) == substr(term[i], at + 1)) held[name] = 1
		}
		for (name in held) delete seen[name]
		n = 0
		for (name in seen) n++
		if (n == 0) return 1
	}
	return 0
}

function entry(   text) {
	text = $6
	for (i = 7; i <= NF; i++) text = text "\t" $i
	if (output == "short") return $4 ": " text
	if (output == "short-unix") return substr($1, 1, length($1) - 6) "." substr($1, length($1) - 5) " " $4 "[" field("_PID") "]: " text
	return "{\"__CURSOR\":\"s=sandbox;i=" NR "\",\"MESSAGE\":" json(text) pair("SYSLOG_IDENTIFIER") pair("_SYSTEMD_UNIT") \
		pair("UNIT") pair("_PID") pair("_UID") pair("_TRANSPORT") \
		",\"PRIORITY\":\"6\",\"__REALTIME_TIMESTAMP\":\"" $1 "\"}"
}

function pair(name) { return field(name) == "" ? "" : ",\"" name "\":\"" field(name) "\"" }

function json(text,   bytes, i) {
	if (!all && length(text) >= 4096) return "null"
	if (text ~ /^[\t -~]*$/) {
		gsub(/\\/, "&&", text)
		gsub(/"/, "\\\\&", text)
		gsub(/\t/, "\\t", text)
		return "\"" text "\""
	}
	for (i = 1; i <= length(text); i++) bytes = bytes (i > 1 ? "," : "") (code[substr(text, i, 1)] + 0)
	return "[" bytes "]"
}
