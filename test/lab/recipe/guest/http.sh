#!/bin/sh
# Answers one HTTP request with the given status.
while read -r line && [ "${line%?}" != '' ]; do :; done
printf 'HTTP/1.1 %s Lab\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n' "$1"
