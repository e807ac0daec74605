import type { Finding } from './finding'

export function settingFinding(variable: string, value: string, message: string): Finding {
  return { code: 'NKA001', text: message, data: { variable, value } }
}
