'use strict'

// Runs before the program's own code, so it must never be the reason that a program does not start.
try {
  require('./dist/register.js').register()
} catch (error) {
  try {
    process.emitWarning(
      `The hook could not be installed, outbound connections are as they would be without it: ${String(error).split('\n', 1)[0]}`,
      { type: 'NatKeepaliveWarning', code: 'NKA002' },
    )
  } catch {}
}
