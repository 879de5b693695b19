// The functions that commits are made of, in the words of the files that read what they write. They are installed anew
// whenever their text is another one (migrations.ts), so a change of theirs is no step of the schema; but nodes of two
// versions call them at the same time while one is replaced by the other: what changes its arguments gets another name.
import { NODE_FUNCTIONS } from './nodes.ts'
import { PRESENCE_FUNCTIONS } from './presence.ts'
import { QUOTA_FUNCTIONS } from './quota.ts'

export const FUNCTIONS: readonly string[] = [NODE_FUNCTIONS, PRESENCE_FUNCTIONS, QUOTA_FUNCTIONS]
