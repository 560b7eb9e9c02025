#!/usr/bin/env bash
# Publishes a release on a ReleasePage server, or brings the one that is there up to date; prints where people read it.
# Its input are the variables that action.yml sets. Needs curl and jq, which the runners of GitHub have.
set -euo pipefail

fail() { echo "::error::$*"; exit 1; }

for tool in curl jq; do command -v "$tool" >/dev/null || fail "$tool is missing on this runner"; done
[ -n "${RELEASEPAGE_URL:-}" ] || fail "the input url is missing: it is the server's address"
[ -n "${RELEASEPAGE_TOKEN:-}" ] || fail "the input token is missing: it is a personal access token with the scope publish"
[ -n "${REPOSITORY:-}" ] || fail "the input repository is empty: it is the repository's name on the server"
[ -n "${VERSION:-}" ] || fail "no version: run this for a release or a tag, or give the input version"
case "$VERSION" in
  refs/tags/?*) VERSION=${VERSION#refs/tags/} ;;
  refs/*) fail "$VERSION is no tag: give the input version a version or a tag, such as v1.2.0" ;;
esac
case "${PRERELEASE:=}" in true | false | "") ;; *) fail "the input prerelease must be true or false" ;; esac
case "${NOTIFY:=}" in true | false | "") ;; *) fail "the input notify must be true or false" ;; esac

[ -z "${NOTES_FILE:-}" ] || [ -f "$NOTES_FILE" ] || fail "there is no file $NOTES_FILE"

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
answer=$directory/answer
release=$directory/release
notes=${NOTES_FILE:-$directory/notes}
[ -n "${NOTES_FILE:-}" ] || printf '%s' "${NOTES:-}" >"$notes"

# Asks the API: method, path, curl's further arguments. The body is in $answer, the status in $status. The token goes by
# standard input, where no list of processes shows it.
ask() {
  status=$(curl --silent --show-error --config - --output "$answer" --write-out '%{http_code}' --max-time 30 --retry 3 \
    --request "$1" "${RELEASEPAGE_URL%/}/v1/$2" "${@:3}" <<<"header = \"Authorization: Bearer $RELEASEPAGE_TOKEN\"") ||
    fail "$RELEASEPAGE_URL does not answer"
}

expect() {
  [ "$status" = "$1" ] && return
  fail "the server refused ($status): $(jq --raw-output '.error_description // empty' "$answer" 2>/dev/null)"
}

ask GET repositories --get --data-urlencode "name=$REPOSITORY"
expect 200
# A server that does not know the filter answers with any repository.
repository=$(jq --arg name "$REPOSITORY" '.data[] | select(.name | ascii_downcase == ($name | ascii_downcase)) | .id' "$answer")
[ -n "$repository" ] || fail "the server has no repository $REPOSITORY: make it there first, or give the input repository its name"

# What was not said is left out, so that running again changes nothing of it.
jq --null-input --arg version "$VERSION" --arg title "${TITLE:-}" --rawfile notes "$notes" --arg prerelease "$PRERELEASE" --arg notify "$NOTIFY" '
  {version: $version}
  + (if $prerelease == "" then {} else {prerelease: ($prerelease == "true")} end)
  + (if $title == "" then {} else {title: $title} end)
  + (if $notes == "" then {} else {notes: $notes} end)
  + (if $notify == "" then {} else {notify: ($notify == "true")} end)' >"$release"

send() { ask "$1" "$2" --header 'Content-Type: application/json' --data-binary "@$3"; }

send POST "repositories/$repository/releases" "$release"
if [ "$status" = 409 ]; then
  ask GET "repositories/$repository/releases" --get --data-urlencode "version=$VERSION"
  expect 200
  # Variants for some platforms alone are made in other ways, and are not this one.
  id=$(jq --raw-output 'first(.data[] | select(.platforms == [])).id // empty' "$answer")
  [ -n "$id" ] || fail "the repository had $VERSION a moment ago, and has it no more: try again"
  # Who was told stays told: an edit mails nobody.
  jq 'del(.version, .notify)' "$release" >"$directory/change"
  send PATCH "releases/$id" "$directory/change"
  expect 200
else
  expect 201
fi

link=$(jq --raw-output '.permalinks[0] // empty' "$answer")
echo "$REPOSITORY $VERSION is $(jq --raw-output .state "$answer")${link:+: $link}"
[ -z "${GITHUB_OUTPUT:-}" ] || echo "link=$link" >>"$GITHUB_OUTPUT"
