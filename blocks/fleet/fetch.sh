# sh -c THIS sh COMMIT FOLDER
# Lays the files of COMMIT out in FOLDER, beside the checkout in use, which is not changed.
set -eu
commit=$1 folder=$2
export GIT_TERMINAL_PROMPT=0
git cat-file -e "$commit^{commit}" 2>/dev/null || git fetch --quiet origin "$commit"
# Later the checkout in use goes there: git says now which files of nobody's commit would be written over.
git read-tree -n -m -u HEAD "$commit"
git worktree remove --force "$folder" 2>/dev/null || rm -rf "$folder"
git worktree prune
git worktree add --quiet --force --detach "$folder" "$commit"
