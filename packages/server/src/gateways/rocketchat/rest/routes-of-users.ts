// Routes about users: log-in, accounts, roles, statuses.
import type { Route } from '../route.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { me } from './me.ts'

export const USERS: readonly Route[] = [login, logout, me]
