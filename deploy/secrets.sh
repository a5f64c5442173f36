#!/usr/bin/env bash
# Makes the secrets that docker-compose.yml mounts, once; an existing one is left alone.
set -euo pipefail
cd "$(dirname "$0")"

# Only this user may enter the folder. The files themselves are readable, because compose mounts a secret with the
# permissions it has here and the containers run as other users.
umask 022
mkdir -p import secrets
chmod 0700 secrets

if [ ! -s secrets/neo4j_password ]; then
  password="$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')"
  printf '%s' "$password" > secrets/neo4j_password
  printf 'neo4j/%s' "$password" > secrets/neo4j_auth
  echo "made deploy/secrets/neo4j_password and neo4j_auth"
fi
[ -e secrets/dashboard_api_key ] || : > secrets/dashboard_api_key
