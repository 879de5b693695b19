// Bob, with @rocket.chat/ddp-client: the same room, a message, and whatever others say. Ctrl-C ends it.
import { createHash } from 'node:crypto'
import { DDPSDK } from '@rocket.chat/ddp-client'

const sdk = DDPSDK.create(process.argv[2] ?? 'http://127.0.0.1:4200')
await sdk.connection.connect()
await sdk.account.loginWithPassword('bob', createHash('sha256').update("bob's password").digest('hex'))

const rid = await sdk.client.callAsync('getRoomIdByNameOrId', 'square')
sdk.stream('room-messages', rid, message => console.log(message.u.username, message.msg))
await sdk.client.callAsync('sendMessage', { rid, msg: 'hello from Rocket.Chat' })
