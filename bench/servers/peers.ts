// Servers of others, where they are installed: each on a free port of loopback with a configuration and a folder of its own,
// which go with it. Like the bare servers they check nobody and keep nothing.

import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from '../../engines/ports.ts'
import { natsServer } from '../../scripts/engines.js'
import { Program } from '../child.ts'
import type { Contestant } from '../contest.ts'
import { ownNats } from '../whole/engines.ts'

export interface Peer extends Contestant {
  stop(): Promise<void>
}

/** The path of an installed program. */
export function program(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders
    .map(folder => join(folder, name))
    .find(path => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** MQTT, which the wires `mqtt0` and `mqtt1` speak. */
export async function startMosquitto(): Promise<Omit<Peer, 'name' | 'wire'> | null> {
  const command = program('mosquitto')
  if (command === undefined) return null
  const port = await freePort()
  return started('mosquitto', port, folder => {
    const lines = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence false',
      'log_dest none',
      'max_inflight_messages 0',
      'max_queued_messages 0',
      'set_tcp_nodelay true',
    ]
    writeFileSync(join(folder, 'mosquitto.conf'), lines.join('\n'))
    return new Program(command, ['-c', join(folder, 'mosquitto.conf')])
  })
}

export async function startNatsPeer(): Promise<Peer | null> {
  try {
    natsServer()
  } catch {
    return null
  }
  const nats = await ownNats()
  const { pid, port } = nats.servers[0]!
  return { name: 'nats', wire: 'nats', pid, port, stop: () => nats.stop() }
}

/** One room of a multi-user chat (XEP-0045), in which nobody's coming and going is told: of a thousand, that is a million. */
const EJABBERD = (port: number) => `
hosts: [localhost]
loglevel: none
auth_method: anonymous
anonymous_protocol: sasl_anon
allow_multiple_connections: true
listen:
  - port: ${port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 65536
    access: all
    shaper: none
modules:
  mod_muc:
    access: all
    access_create: all
    max_users: 5000
    max_user_conferences: 1000
    default_room_options:
      presence_broadcast: []
      max_users: 5000
`

export async function startEjabberd(): Promise<Peer | null> {
  const [control, erl] = [program('ejabberdctl'), program('erl')]
  const libraries = control && /ERL_LIBS=['"]?([^'"\n]+)/.exec(readFileSync(control, 'utf8'))?.[1]
  if (libraries === undefined || erl === undefined) return null
  const port = await freePort()
  const peer = await started('ejabberd', port, folder => {
    const settings = join(folder, 'ejabberd.yml')
    writeFileSync(settings, EJABBERD(port))
    const env = {
      ERL_LIBS: libraries,
      EJABBERD_CONFIG_PATH: settings,
      EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
      ERL_CRASH_DUMP: join(folder, 'crash.dump'),
      HOME: folder,
    }
    // Without a name it is no node of Erlang's, and needs no daemon of theirs.
    return new Program(erl, ['-noinput', '-mnesia', 'dir', `"${folder}"`, '-s', 'ejabberd'], env)
  })
  return { ...peer, name: 'ejabberd', wire: 'xmpp' }
}

async function started(name: string, port: number, start: (folder: string) => Program) {
  const folder = mkdtempSync(join(tmpdir(), `conclave-bench-${name}-`))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const running = start(folder)
  const stop = () => running.stop().finally(remove)
  try {
    await running.until(async () => ((await listens(port)) ? true : undefined))
    return { pid: running.pid, port, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
