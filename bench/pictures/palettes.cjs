'use strict'

/** Colours that read well on GitHub's two backgrounds, which show through. */
const palettes = {
  light: {
    text: '#1f2328',
    muted: '#59636e',
    line: '#8c959f',
    faint: '#d1d9e0',
    ours: '#0969da',
    peer: '#7d4e00',
    good: '#1a7f37',
    bad: '#cf222e',
  },
  dark: {
    text: '#f0f6fc',
    muted: '#9198a1',
    line: '#6e7681',
    faint: '#3d444d',
    ours: '#4493f8',
    peer: '#d29922',
    good: '#3fb950',
    bad: '#f85149',
  },
}

module.exports = { palettes }
