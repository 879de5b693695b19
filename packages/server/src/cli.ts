// The command line. What changes or shows a server's content goes through the running server, else to the store itself.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError, printConfig, readConfig } from './config.ts'
import type { Core } from './engine/core.ts'
import { openLog } from './log.ts'
import { askRunning } from './operator/ask-running.ts'
import { sentenceOf } from './operator/control.ts'
import type { ExportPart } from './operator/export.ts'
import { OperatorError } from './operator/users.ts'
import { VERSION } from './version.ts'

const HELP = `conclave ${VERSION}: a chat server for end-to-end encrypted rooms

  conclave start                          serve; settings: conclave config
  conclave import FILE                    load a world; prints the ids of its channels and rooms
  conclave user add USERNAME [--id ID] [--name NAME] [--role superuser|globalmod|admin ...] [--password-stdin]
  conclave user disable|remove ID
  conclave user list
  conclave token create [--user ID | --service] [--scope SCOPE ...] [--seconds N]
  conclave token revoke TOKEN_ID
  conclave token list [--user ID]
  conclave app create --owner ID [--id ID] [--redirect URL ...]
  conclave room list
  conclave sanction list
  conclave outlet dead                    events that the embedding site has not taken
  conclave outlet retry|drop ID|all       sends them again, or drops them
  conclave export [FILE]                  key logs, rooms with their chains and events, as lines of JSON; without secrets
  conclave verify FILE [--against OLDER]  checks an export, and that nothing changed since an older one; needs no server
  conclave backup FILE                    copies the embedded database while the server runs; files are not in it
  conclave config                         every setting with its value, its default and a sentence
  conclave help | --version
`

const OPTIONS = {
  id: { type: 'string' },
  name: { type: 'string' },
  role: { type: 'string', multiple: true },
  'password-stdin': { type: 'boolean' },
  user: { type: 'string' },
  service: { type: 'boolean' },
  scope: { type: 'string', multiple: true },
  seconds: { type: 'string' },
  owner: { type: 'string' },
  redirect: { type: 'string', multiple: true },
  against: { type: 'string' },
  version: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

/** Words that follow the first, of commands that take no target. */
const WORDS: Readonly<Record<string, number>> = {
  start: 0,
  config: 0,
  import: 1,
  export: 1,
  backup: 1,
  verify: 1,
  'user list': 1,
  'token create': 1,
  'token list': 1,
  'app create': 1,
  'room list': 1,
  'sanction list': 1,
  'outlet dead': 1,
}

/** Runs one command; gives the exit code. */
export async function main(argv: string[]): Promise<number> {
  try {
    return await run(argv)
  } catch (error) {
    const sentence =
      error instanceof ConfigError || error instanceof OperatorError
        ? error.message
        : (sentenceOf(error) ?? usageOf(error) ?? refusalOf(error))
    if (sentence === undefined) throw error
    process.stderr.write(`${sentence}\n`)
    return 1
  }
}

async function run(argv: string[]): Promise<number> {
  // Whatever is written here is the server's user's alone: logs, secrets, also in a directory that others may read.
  process.umask(0o077)
  const { values, positionals } = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true })
  const [noun = 'help', verb, target, ...more] = positionals
  if (values.version) return print(VERSION)
  if (values.help || noun === 'help') return print(HELP)
  const spare = [verb, target, ...more][WORDS[noun] ?? WORDS[`${noun} ${verb}`] ?? 2]
  if (spare !== undefined) throw new OperatorError(`"${spare}" is one word too many; see conclave help.`)
  if (noun === 'start') return start()
  if (noun === 'config') return print(printConfig(readConfig(process.env)))
  if (noun === 'import') return ask('import', await readWorld(verb))
  if (noun === 'export') return exportTo(verb ?? null)
  if (noun === 'backup') return backUp(required(verb, 'a file to write'))
  if (noun === 'verify') return verify(required(verb, 'the file of an export'), values.against ?? null)
  switch (`${noun} ${verb}`) {
    case 'user add':
      return ask('user.add', {
        username: required(target, 'a username'),
        id: values.id,
        name: values.name,
        roles: values.role,
        password: values['password-stdin'] ? (await readAll()).replace(/\r?\n$/, '') : undefined,
      })
    case 'user disable':
    case 'user remove':
      return ask(`user.${verb}`, { id: required(target, 'a user id') })
    case 'user list':
      return ask('user.list', {})
    case 'token create':
      return ask('token.create', {
        user: values.user,
        kind: values.service ? 'service' : 'user',
        scopes: values.scope,
        lifetime: values.seconds === undefined ? undefined : secondsOf(values.seconds),
      })
    case 'token revoke':
      return ask('token.revoke', { id: required(target, "a token's id") })
    case 'token list':
      return ask('token.list', { user: values.user ?? null })
    case 'app create':
      return ask('app.create', { owner: required(values.owner, '--owner'), id: values.id, redirects: values.redirect })
    case 'room list':
      return ask('room.list', {})
    case 'sanction list':
      return ask('sanction.list', {})
    case 'outlet dead':
      return ask('outlet.dead', {})
    case 'outlet retry':
    case 'outlet drop':
      return ask(`outlet.${verb}`, { id: required(target, 'the id of a dead letter, or the word all') })
    default:
      throw new OperatorError(`There is no command "${positionals.join(' ')}"; see conclave help.`)
  }
}

async function ask(name: string, body: unknown): Promise<number> {
  const asked = await opened(async request => JSON.stringify(await request(name, body)))
  return print(asked)
}

type Request = (name: string, body: unknown) => Promise<unknown>

/** Lets requests be asked of the running server if there is one, else in this process of the store itself. */
async function opened<T>(use: (request: Request) => Promise<T>): Promise<T> {
  const config = readConfig(process.env)
  let core: Core | undefined
  let running: boolean | undefined
  const request: Request = async (name, body) => {
    const asked = running === false ? undefined : await askRunning(config.data, name, body)
    if (asked && 'error' in asked) throw new OperatorError(asked.error)
    if (!asked && running) throw new OperatorError('The server went away before everything was asked.')
    running = asked !== undefined
    if (asked) return asked.value
    // Only here: the core is much to load for a command that asks another process.
    const { openCore } = await import('./open-core.ts')
    core ??= await openCore(config, openLog('silent'))
    const { runRequest } = await import('./operator/requests.ts')
    return runRequest(core, name, JSON.parse(JSON.stringify(body)))
  }
  try {
    return await use(request)
  } finally {
    await core?.close()
  }
}

async function exportTo(file: string | null): Promise<number> {
  const { writeExport } = await import('./operator/write-export.ts')
  const { rooms, events, users, keys } = await opened(request =>
    writeExport(file, { at: Date.now(), by: VERSION }, cursor => request('export', { cursor }) as Promise<ExportPart>),
  )
  // Beside the output, which may be the export itself.
  process.stderr.write(`Exported ${rooms} rooms with ${events} events and ${users} key logs with ${keys} entries.\n`)
  return 0
}

/** Not asked of a running server: the copy takes a connection of its own and nobody's time. */
async function backUp(file: string): Promise<number> {
  const { data, store, blobs } = readConfig(process.env)
  if (store !== 'sqlite')
    throw new OperatorError('The logs are kept in PostgreSQL: copy them with pg_dump (see deploy/README.md).')
  const { backupDatabase } = await import('./store/sqlite/backup.ts')
  const { bytes } = await backupDatabase(data, file)
  const files = blobs === 'files' ? ` Files of rooms are not in it: copy ${join(data, 'blobs')} after it.` : ''
  return print(`Copied ${bytes} bytes to ${file}.${files}`)
}

async function verify(file: string, against: string | null): Promise<number> {
  const { verifyExport } = await import('./operator/verify-export.ts')
  const { checked, faults, found } = await verifyExport(file, against)
  for (const line of checked) print(line)
  if (found === 0) return print('Nothing is wrong.')
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  if (found > faults.length) process.stderr.write(`and ${found - faults.length} more\n`)
  process.stderr.write(`${found} ${found === 1 ? 'thing is' : 'things are'} wrong.\n`)
  return 1
}

async function start(): Promise<number> {
  const config = readConfig(process.env)
  const log = openLog(config.log.level)
  // A reader of the output that goes away (start | head) does not take the server with it.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const { startServer } = await import('./main.ts')
  const server = await startServer(config, log)
  process.stdout.write(`Conclave ${VERSION} serves Dino, Rocket.Chat and X Chat at ${server.url}\n`)
  if (!config.rocketchat.lockstep)
    process.stdout.write('Rocket.Chat rooms keep their key when somebody leaves; rocketchat.lockstep changes that.\n')
  if (server.first) {
    const { username, token } = server.first
    process.stdout.write(
      `First start: the administrator "${username}" was made. The token, shown this once: ${token}\n`,
    )
  }
  await new Promise<void>(resolve => {
    // For good: Ctrl-C under npm comes twice, and the second must not end a stop that is on its way.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve())
  })
  await server.stop()
  return 0
}

async function readWorld(path: string | undefined): Promise<unknown> {
  const file = required(path, 'the file of the world')
  let text: string
  try {
    text = file === '-' ? await readAll() : await readFile(file, 'utf8')
  } catch {
    throw new OperatorError(`The file ${file} cannot be read.`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new OperatorError(`The file ${file} is not JSON.`)
  }
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function required(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new OperatorError(`This command needs ${what}; see conclave help.`)
  return value
}

function secondsOf(text: string): number {
  if (!/^[1-9][0-9]{0,9}$/.test(text)) throw new OperatorError('--seconds needs a whole number above 0.')
  return Number(text)
}

function print(text: string): number {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return 0
}

/** An option that parseArgs does not know. */
function usageOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS')
    ? `${(error as Error).message.split('. ')[0]}; see conclave help.`
    : undefined
}

/** A store that refuses to open, or a port that is taken, said in its own sentence. */
function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.name === 'StoreRefusal' || error.name === 'NodeRefusal' || error.name === 'BusRefusal') return error.message
  if (error.name === 'StoreFailure')
    return `${error.message.replace(/^./, first => first.toUpperCase())} (setting "store").`
  const { code, port, address } = error as Error & { code?: string; port?: number; address?: string }
  if (code === 'EADDRINUSE')
    return `The port ${port ?? ''} of ${address ?? ''} is taken by another program (settings "host" and "port").`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES')
    return `The server cannot listen there: ${error.message} (settings "host", "port", "data").`
  return undefined
}
