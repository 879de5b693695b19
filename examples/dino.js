// Ann, with socket.io-client: into the room, a message, and whatever others say. Ctrl-C ends it.
import { io } from 'socket.io-client'

const b64 = text => Buffer.from(text).toString('base64')
const socket = io(`${process.argv[2] ?? 'http://127.0.0.1:4200'}/ws`, { transports: ['websocket'] })
socket.on('message', ({ actor, object }) => console.log(actor.id, Buffer.from(object.content, 'base64').toString()))

const actor = { id: '1001', displayName: b64('ann'), attachments: [{ objectType: 'token', content: 'token-of-ann' }] }
await socket.emitWithAck('login', { verb: 'login', actor })
const joined = await socket.emitWithAck('join', { verb: 'join', target: { id: 'square', objectType: 'name' } })
const target = { id: joined.data.target.id, objectType: 'room' }
await socket.emitWithAck('message', { verb: 'send', target, object: { content: b64('hello from Dino') } })
