// An operator's own table of access rules (setting `dino.acl`), in the shape of the acl.yaml of a Dino server: YAML, or
// JSON, which is YAML too. What is unknown or missing stops the start: a lock that nobody checks is worse than no server.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { ConfigError } from './config.ts'
import { type AclRules, type AclValidator, DEFAULT_RULES } from './room/acl-rules.ts'

/** Bytes of the file; the one that Dino ships has 3 KB. */
const SIZE = 1024 * 1024
/** As the custom grammar spells types: it knows no other characters. */
const TYPE = /^[0-9a-z_]{1,64}$/
/** What stands for the values of Dino's own database, which is not here: the defaults beside it count. */
const FROM_DATABASE = '##db##'

const ROOTS = ['available', 'validation', 'channel', 'room'] as const
/** Those of Dino (dino.md section 6). */
const ACTIONS = {
  room: ['join', 'autojoin', 'setacl', 'history', 'create', 'list', 'kick', 'message', 'crossroom', 'ban'],
  channel: ['create', 'setacl', 'list', 'message', 'crossroom', 'ban', 'whisper'],
} as const
const LISTED = ['str_in_csv', 'csv_in_csv'] as const
const PLAIN = [
  'range',
  'samechannel',
  'sameroom',
  'disallow',
  'is_room_owner',
  'is_admin',
  'is_super_user',
  'custom',
] as const

/** The rules of this server: those of the file, or, with null, the built-in ones. Throws a ConfigError. */
export function readAclRules(path: string | null): AclRules {
  if (path === null) return DEFAULT_RULES
  try {
    return aclRulesIn(textOf(path))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw new ConfigError(`The setting "dino.acl" is not valid: ${error.message} (${path}).`)
  }
}

/** What is wrong with the file, beginning with the field. */
class Fault extends Error {}

function textOf(path: string): string {
  let file: number | null = null
  try {
    file = openSync(path, 'r')
    // What is no file has no size, and may have no end.
    if (!fstatSync(file).isFile()) throw new Fault('it is not a file')
    const bytes = Buffer.alloc(SIZE + 1)
    const length = readInto(file, bytes)
    if (length > SIZE) throw new Fault(`the file has more than ${SIZE} bytes`)
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length))
  } catch (error) {
    throw error instanceof Fault ? error : new Fault('the file cannot be read as a text')
  } finally {
    if (file !== null) closeSync(file)
  }
}

/** Gives how many bytes were read: all of the file, or as many as there is room for. */
function readInto(file: number, bytes: Buffer): number {
  let length = 0
  while (length < bytes.length) {
    const read = readSync(file, bytes, length, bytes.length - length, null)
    if (read === 0) break
    length += read
  }
  return length
}

function aclRulesIn(text: string): AclRules {
  const root = mapping(treeOf(text), 'the file')
  for (const name of root.keys()) oneOf(ROOTS, name, name, 'is not one of')
  const types = new Set(typesOf(mapping(root.get('available'), 'available'), 'available', null).acls)
  const validators = new Map<string, AclValidator>()
  for (const [type, form] of mapping(root.get('validation'), 'validation')) {
    if (!types.has(type)) throw new Fault(`validation.${type} is none of available.acls`)
    validators.set(type, validatorOf(mapping(form, `validation.${type}`), `validation.${type}`))
  }
  const of = (on: 'room' | 'channel') => actionsOf(mapping(root.get(on), on), on, types)
  return { available: types, validators, room: of('room'), channel: of('channel') }
}

/** Maps, so that no name in the file is one of an object's own. Anchors and `<<` are as Dino's own file uses them. */
function treeOf(text: string): unknown {
  try {
    const document = parseDocument(text, { merge: true })
    const [problem] = [...document.errors, ...document.warnings]
    if (problem) throw problem
    return document.toJS({ mapAsMap: true, maxAliasCount: 100 })
  } catch (error) {
    const [line] = error instanceof Error ? error.message.split('\n') : []
    throw new Fault(`the file is neither YAML nor JSON: ${line}`)
  }
}

function actionsOf(
  root: ReadonlyMap<string, unknown>,
  on: 'room' | 'channel',
  types: ReadonlySet<string>,
): ReadonlyMap<string, readonly string[]> {
  const actions = new Map<string, readonly string[]>()
  for (const [action, form] of root) {
    const path = `${on}.${action}`
    oneOf(ACTIONS[on], action, path, `is no action of a ${on}:`)
    const { acls, exclude } = typesOf(mapping(form, path), path, types)
    actions.set(
      action,
      acls.filter(type => !exclude.includes(type)),
    )
  }
  return actions
}

function validatorOf(form: ReadonlyMap<string, unknown>, path: string): AclValidator {
  for (const key of form.keys()) oneOf(['type', 'value', 'default'], key, `${path}.${key}`, 'is not one of')
  const kind = text(form.get('type'), `${path}.type`)
  const listed = LISTED.find(one => one === kind)
  if (listed) return { kind: listed, values: valuesOf(form, path) }
  for (const key of ['value', 'default']) {
    if (form.has(key)) throw new Fault(`${path}.${key} is not for the type "${kind}"`)
  }
  return { kind: oneOf(PLAIN, kind, `${path}.type "${kind}"`, `is not one of ${LISTED.join(', ')},`) }
}

/** null leaves them open. */
function valuesOf(form: ReadonlyMap<string, unknown>, path: string): readonly string[] | null {
  if (!form.has('value')) return null
  const value = text(form.get('value'), `${path}.value`)
  return (value === FROM_DATABASE ? text(form.get('default'), `${path}.default`) : value).split(',')
}

/** `types`: all that may be named; null for the list of these itself. */
function typesOf(
  form: ReadonlyMap<string, unknown>,
  path: string,
  types: ReadonlySet<string> | null,
): { readonly acls: readonly string[]; readonly exclude: readonly string[] } {
  for (const key of form.keys()) {
    const keys = types === null ? ['acls'] : ['acls', 'exclude']
    oneOf(keys, key, `${path}.${key}`, 'is not one of')
  }
  const listed = (key: string): string[] => {
    const list: unknown = form.get(key)
    if (!Array.isArray(list)) throw new Fault(`${path}.${key} must be a list`)
    return list.map((entry: unknown, n) => {
      const type = text(entry, `${path}.${key}[${n}]`)
      if (types ? types.has(type) : TYPE.test(type)) return type
      const wanted = types ? 'is none of available.acls' : 'must have 1 to 64 of a-z, 0-9 and _'
      throw new Fault(`${path}.${key}[${n}] "${type.slice(0, 64)}" ${wanted}`)
    })
  }
  return { acls: listed('acls'), exclude: form.has('exclude') ? listed('exclude') : [] }
}

function mapping(value: unknown, path: string): ReadonlyMap<string, unknown> {
  if (!(value instanceof Map)) throw new Fault(value === undefined ? `${path} is missing` : `${path} must be a mapping`)
  for (const key of value.keys() as IterableIterator<unknown>)
    if (typeof key !== 'string') throw new Fault(`${path} has a name that is no text: ${String(key).slice(0, 64)}`)
  return value as ReadonlyMap<string, unknown>
}

function text(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw new Fault(value === undefined ? `${path} is missing` : `${path} must be a text; put it in quotes`)
}

function oneOf<T extends string>(known: readonly T[], value: string, path: string, sentence: string): T {
  const found = known.find(one => one === value)
  if (found === undefined) throw new Fault(`${path} ${sentence} ${known.join(', ')}`)
  return found
}
