// The dependency rule: wire ← room ← engine ← gateways ← main. Prints `path:line: message` for whatever breaks it.
//
//   node scripts/dependencies.js

import { globSync, readFileSync, realpathSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The table. A file belongs to the first layer that names it or its folder; `~` is packages/server/src.
 * `imports`: the layers that it may use besides its own ('*': all). `types`: those that it may use by `import type` alone.
 * `pure`: it uses no package and nothing of Node. `apart`: the folders and files of the layer do not know each other.
 * @type {Record<string, { files: string[], imports: string[], types?: string[], pure?: boolean, apart?: boolean }>}
 */
const LAYERS = {
  wire: { files: ['packages/wire/src/'], imports: [], pure: true },
  limits: { files: ['~/limits.ts', '~/tally.ts', '~/few.ts'], imports: [], pure: true },
  room: { files: ['~/room/'], imports: ['wire', 'limits'], pure: true },
  config: {
    files: ['~/config.ts', '~/acl-file.ts', '~/s3-place.ts', '~/nats-place.ts'],
    imports: ['wire', 'room', 'limits'],
  },
  ports: {
    files: [
      '~/clock.ts',
      '~/store/store.ts',
      '~/store/projection.ts',
      '~/store/chains.ts',
      '~/blobs/blobs.ts',
      '~/bus/bus.ts',
      '~/presence/presence.ts',
      '~/quota/quota.ts',
      '~/outlet/outlet.ts',
      '~/outlet/calls.ts',
      '~/nodes/nodes.ts',
      '~/bus/transport.ts',
      '~/bus/feed.ts',
    ],
    imports: ['wire', 'room', 'limits', 'config'],
  },
  postgres: { files: ['~/postgres/'], imports: ['wire', 'limits', 'config', 'ports'] },
  adapters: {
    files: ['~/store/', '~/blobs/', '~/bus/', '~/presence/', '~/quota/', '~/outlet/', '~/nodes/'],
    imports: ['wire', 'room', 'limits', 'config', 'ports', 'postgres'],
    apart: true,
  },
  identity: { files: ['~/identity/'], imports: ['wire', 'room', 'limits', 'config', 'ports'] },
  engine: { files: ['~/engine/'], imports: ['wire', 'room', 'limits', 'config', 'ports', 'identity'] },
  fanout: { files: ['~/fanout/'], imports: ['wire', 'room', 'limits', 'config', 'ports', 'identity'] },
  gateways: {
    files: ['~/gateways/dino/', '~/gateways/rocketchat/', '~/gateways/xchat/'],
    imports: ['wire', 'room', 'limits', 'config', 'identity', 'engine', 'fanout', 'common'],
    types: ['ports'],
    apart: true,
  },
  common: {
    files: ['~/gateways/'],
    imports: ['wire', 'room', 'limits', 'config', 'identity', 'engine', 'fanout'],
    types: ['ports'],
  },
  // A command that needs the core waits for the text of no gateway, which is most of the server's.
  opening: {
    files: ['~/open-core.ts', '~/adapters.ts', '~/on-postgres.ts', '~/shared.ts', '~/known.ts', '~/version.ts'],
    imports: ['wire', 'room', 'limits', 'config', 'ports', 'postgres', 'adapters', 'identity', 'engine'],
  },
  start: {
    files: ['~/main.ts', '~/shared-files.ts', '~/cli.ts', '~/log.ts'],
    imports: ['*'],
  },
  operator: {
    files: ['~/operator/', '~/operations.ts'],
    imports: ['wire', 'room', 'limits', 'config', 'identity', 'engine'],
    types: ['ports'],
  },
  engines: { files: ['engines/'], imports: ['*'] },
  outside: { files: ['conformance/', 'bench/', 'faults/', 'simulation/'], imports: ['*'] },
}
/** Tests, and what only they use; and what they may import beside what their layer may. */
const TESTS = {
  files: /(?:\.test|[/-](?:contract|fixtures|testing))\.ts$|\/testing\//,
  imports: ['adapters', 'postgres', 'identity', 'engine', 'opening', 'start', 'operator', 'engines'],
}

/** What a pure function does not touch: the room takes time, chance and the world as values. */
const IMPURE =
  /(?<![\w.])(?:Date\.now|new Date\(\)|Math\.random|process\.|performance\.|crypto\.|console\.|fetch\(|queueMicrotask|set(?:Timeout|Interval|Immediate))/g

const IMPORT = /^[ \t]*(?:import|export)\b(\s+type\b)?(?:[\w$*{}\s,]*?\bfrom)?\s*(['"])(.+?)\2/gm
const DYNAMIC_IMPORT = /(?<![\w.])(typeof\s+)?(?:import|require)\(\s*(['"])(.+?)\2/g
const DEFAULT_EXPORT = /\bexport\s+default\b|\bexport\s*\{[^}]*\bdefault\s*[,}]/g

/** @typedef {{ specifier: string, target?: string, line: number, type: boolean }} Import */

/**
 * Everything under `root` that breaks the rule.
 * @param {string} root
 * @returns {string[]} `path:line: message`
 */
export function violations(root) {
  const paths = globSync(['packages/*/src/**/*.ts', 'conformance/**/*.ts', 'bench/**/*.ts'], { cwd: root }).sort()
  /** @type {Map<string, Import[]>} */
  const imports = new Map()
  /** @type {string[]} */
  const found = []
  for (const path of paths) {
    const text = withoutComments(readFileSync(posix.join(root, path), 'utf8'))
    imports.set(path, importsOf(path, text))
    found.push(...inText(path, text))
    for (const entry of imports.get(path) ?? []) {
      const message = refusal(path, entry)
      if (message !== undefined) found.push(`${path}:${entry.line}: ${message}`)
    }
  }
  return [...found, ...cycles(imports)]
}

/**
 * @param {string} path
 * @param {Import} entry
 * @returns {string | undefined}
 */
function refusal(path, { specifier, target, type }) {
  const test = TESTS.files.test(path)
  const from = layerOf(path)
  if (from === undefined) return undefined
  const { imports, types = [], pure, apart } = /** @type {typeof LAYERS[string]} */ (LAYERS[from])
  if (target === undefined) return pure && !test ? `${from} uses no packages: ${specifier}` : undefined
  if (path.startsWith('packages/') && specifier.startsWith('.') && !/\.(?:ts|json)$/.test(specifier)) {
    return `an import is written with its .ts extension: ${specifier}`
  }
  if (TESTS.files.test(target) && !test && from !== 'outside') return `only tests import a test: ${specifier}`
  const to = layerOf(target)
  if (imports.includes('*') || (test && (to === undefined || TESTS.imports.includes(to)))) return undefined
  if (to === undefined) return `${from} imports nothing from outside of the packages: ${specifier}`
  if (to === from) {
    const same = !apart || test || partOf(path, from) === partOf(target, from)
    return same ? undefined : `the parts of ${from} do not know each other: ${specifier}`
  }
  if (imports.includes(to)) return undefined
  if (types.includes(to)) return type ? undefined : `${from} may use ${to} by import type alone: ${specifier}`
  return `${from} may not import ${to}: ${specifier}`
}

/**
 * What is refused in a file whatever it imports.
 * @param {string} path
 * @param {string} text
 * @returns {string[]}
 */
function inText(path, text) {
  const found = []
  if (layerOf(path) === undefined) found.push(`${path}:1: belongs to no layer of the table in scripts/dependencies.js`)
  if (path.startsWith('packages/')) {
    for (const match of text.matchAll(DEFAULT_EXPORT)) found.push(`${path}:${lineOf(text, match)}: no default exports`)
  }
  if (layerOf(path) === 'room' && !TESTS.files.test(path)) {
    const bare = withoutStrings(text)
    for (const match of bare.matchAll(IMPURE)) found.push(`${path}:${lineOf(bare, match)}: room is pure: ${match[0]}`)
  }
  return found
}

/**
 * Every circle of imports that run, each once.
 * @param {Map<string, Import[]>} imports
 * @returns {string[]}
 */
function cycles(imports) {
  /** @type {Set<string>} */
  const done = new Set()
  /** @type {string[]} */
  const way = []
  /** @type {string[]} */
  const found = []
  const visit = (/** @type {string} */ path) => {
    way.push(path)
    for (const { target, line, type } of imports.get(path) ?? []) {
      if (type || target === undefined || done.has(target)) continue
      const start = way.indexOf(target)
      if (start >= 0) found.push(`${path}:${line}: a circle of imports: ${[...way.slice(start), target].join(' → ')}`)
      else visit(target)
    }
    way.pop()
    done.add(path)
  }
  for (const path of imports.keys()) if (!done.has(path)) visit(path)
  return found
}

/**
 * @param {string} path
 * @param {string} text
 * @returns {Import[]}
 */
function importsOf(path, text) {
  const bare = withoutStrings(text)
  const matches = [IMPORT, DYNAMIC_IMPORT].flatMap(pattern => [...text.matchAll(pattern)])
  return matches
    .filter(match => bare.startsWith(match[0].slice(0, match[0].search(/['"]/)), match.index))
    .map(match => {
      const specifier = /** @type {string} */ (match[3])
      return { specifier, target: targetOf(path, specifier), line: lineOf(text, match), type: match[1] !== undefined }
    })
}

/**
 * The file of this repository that an import means, or undefined for a package.
 * @param {string} path
 * @param {string} specifier
 */
function targetOf(path, specifier) {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier)
  const [, name, file = 'index'] = /^@conclave\/(\w+)(?:\/(.+))?$/.exec(specifier) ?? []
  return name === undefined ? undefined : `packages/${name}/src/${file}.ts`
}

/**
 * A test is of the layer of the file that it tests.
 * @param {string} path
 */
function layerOf(path) {
  const tested = path.replace(/\.test\.ts$/, '.ts')
  return Object.keys(LAYERS).find(name => filesOf(name).some(file => within(tested, file)))
}

/**
 * The adapter or the gateway that a file is of: the first name below the folder of its layer.
 * @param {string} path
 * @param {string} layer
 */
function partOf(path, layer) {
  const folder = filesOf(layer).find(file => within(path, file)) ?? ''
  return layer === 'adapters' ? folder + path.slice(folder.length).replace(/[/.].*/s, '') : folder
}

/** @param {string} layer */
function filesOf(layer) {
  return (LAYERS[layer]?.files ?? []).map(file => file.replace('~', 'packages/server/src'))
}

/**
 * @param {string} path
 * @param {string} file a file, or a folder when it ends in a slash
 */
function within(path, file) {
  return file.endsWith('/') ? path.startsWith(file) : path === file
}

/**
 * @param {string} text
 * @param {RegExpExecArray} match
 */
function lineOf(text, match) {
  const start = match.index + match[0].search(/\S/)
  return text.slice(0, start).split('\n').length
}

const TOKEN =
  /\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|(?<=[(,=:[!&|?{};>]\s*|\breturn\s+)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/|[`{}]/g
const TEMPLATE = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{|$)/y

/**
 * The text with its comments, its regular expressions and the words of its templates blanked out; every line and
 * column stays where it is, and what stands in a template's `${}` is kept.
 * @param {string} text
 */
function withoutComments(text) {
  const braces = []
  let result = ''
  TOKEN.lastIndex = 0
  for (let token = TOKEN.exec(text); token !== null; token = TOKEN.exec(text)) {
    const kind = token[0][0]
    if (kind === '{') braces.push('{')
    if (kind === '{' || kind === "'" || kind === '"' || (kind === '}' && braces.pop() !== '${')) continue
    if (kind === '`' || kind === '}') {
      TEMPLATE.lastIndex = TOKEN.lastIndex
      if (TEMPLATE.exec(text)?.[0].endsWith('${')) braces.push('${')
      TOKEN.lastIndex = TEMPLATE.lastIndex
    }
    result += text.slice(result.length, token.index)
    result += text.slice(token.index, TOKEN.lastIndex).replace(/[^\n]/g, ' ')
  }
  return result + text.slice(result.length)
}

/** @param {string} text */
function withoutStrings(text) {
  return text.replace(/(['"])(?:\\.|(?!\1).)*\1/g, match => ' '.repeat(match.length))
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const found = violations(fileURLToPath(new URL('..', import.meta.url)))
  for (const line of found) console.log(line)
  process.exitCode = found.length === 0 ? 0 : 1
}
