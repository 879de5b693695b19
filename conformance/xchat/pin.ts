// PIN backups with X's own software, each chat in a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { decode, encode } from 'cborg'
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { tokenOf } from './start.ts'

/** `juicebox_config` as the server hands it out. */
export interface Config {
  readonly key_store_token_map_json: string
  readonly max_guess_count: number
  readonly token_map: readonly { readonly key: string; readonly value: { address: string; token: string } }[]
}

/** What one chat does, one after the other. */
export interface Step {
  /** A new chat in the same process. */
  readonly create?: true
  readonly generate?: true
  /** With X's SDK, after the keys were made; the config of the answer is then the chat's. */
  readonly register?: { readonly url: string; readonly user: string }
  readonly setup?: string
  readonly unlock?: string
  readonly change?: readonly [string, string]
  readonly delete?: true
}

export interface PinRun {
  readonly config: string
  /** By realm. */
  readonly tokens: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}

export interface Done {
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's answer as it came
  readonly keys: any
  readonly error: string | null
  /** What registering was answered with. */
  readonly config?: Config
}

const CLIENT = new URL('./pin-client.ts', import.meta.url).pathname

/** The user's config with fresh tokens, whether there is a key already or not. */
export async function configOf(url: string, user: string): Promise<Config> {
  const { body } = await ask(url, tokenOf(user), 'GET', `/2/users/${user}/public_keys`)
  return body.data?.at(-1).juicebox_config ?? body.juicebox_config
}

export function tokensOf({ token_map }: Config): Record<string, string> {
  return Object.fromEntries(token_map.map(({ key, value }) => [key, value.token]))
}

/** `changed`: what another config, or other tokens, would be. */
export async function chat(config: Config, steps: readonly Step[], changed: Partial<PinRun> = {}): Promise<Done[]> {
  const run: PinRun = { config: JSON.stringify(config), tokens: tokensOf(config), steps, ...changed }
  const child = spawn(process.execPath, [CLIENT], { stdio: ['pipe', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stdin.end(JSON.stringify(run))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the client ended with ${code}: ${out}`)
  return JSON.parse(out)
}

/** The config with its realms at other addresses. */
export function atAddresses(config: Config, address: (old: string, which: number) => string): Config {
  const sdk = JSON.parse(config.key_store_token_map_json)
  for (const [which, realm] of sdk.realms.entries()) realm.address = address(realm.address, which)
  return { ...config, key_store_token_map_json: JSON.stringify(sdk) }
}

/** One request at one of the realms, by hand. */
export async function askRealm(
  { token_map }: Config,
  request: unknown,
  { which = 0, version = '0.3.7' }: { which?: number; version?: string } = {},
): Promise<Answered> {
  const { address, token } = token_map[which]!.value
  const response = await fetch(`${address}req`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'x-juicebox-version': version },
    body: new Uint8Array(encode(request)),
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  const body = response.ok ? decode(bytes) : JSON.parse(bytes.toString())
  return { status: response.status, headers: response.headers, body, text: JSON.stringify(body) }
}
