// Where random numbers come from. Training asks a source for them and never makes any itself, so that the same steps
// can run on numbers that were recorded elsewhere.

// Random numbers that follow from a seed and a purpose alone: one seed, one result.
class SeededSource {
  constructor(seed, purpose) {
    this.state = hashWords(`${seed} ${purpose}`)
    for (let i = 0; i < 12; i++) this.bits() // the first numbers still resemble the seed
  }

  // 32 random bits, by the generator sfc32 (Doty-Humphrey 2010).
  bits() {
    const [a, b, c, counter] = this.state
    const sum = (a + b + counter) | 0
    this.state = [b ^ (b >>> 9), (c + (c << 3)) | 0, (((c << 21) | (c >>> 11)) + sum) | 0, (counter + 1) | 0]
    return sum >>> 0
  }

  // A number in [0, 1), from 53 bits.
  fraction() {
    const high = this.bits() >>> 5, low = this.bits() >>> 6
    return (high * 2 ** 26 + low) / 2 ** 53
  }

  uniform(count) {
    return Float64Array.from({length: count}, () => this.fraction())
  }

  // Standard normal numbers (Box and Muller 1958), two at a time.
  normal(count) {
    const numbers = new Float64Array(count)
    for (let i = 0; i < count; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - this.fraction())), angle = 2 * Math.PI * this.fraction()
      numbers[i] = radius * Math.cos(angle)
      if (i + 1 < count) numbers[i + 1] = radius * Math.sin(angle)
    }
    return numbers
  }

  // The numbers 0 … n − 1 in random order (Fisher and Yates).
  permutation(n) {
    const order = Array.from({length: n}, (_, i) => i)
    for (let last = n - 1; last > 0; last--) {
      const other = Math.floor(this.fraction() * (last + 1));
      [order[last], order[other]] = [order[other], order[last]]
    }
    return order
  }
}

// Numbers that were drawn elsewhere, in their order: one list for each request. The tests replay PyTorch's.
class RecordedSource {
  constructor(lists) {
    this.lists = lists.map(list => Float64Array.from(list))
    this.position = 0
  }

  normal(count) {
    const numbers = this.lists[this.position++]
    if (numbers?.length !== count) throw new Error(`request ${this.position}: ${count} numbers, not ${numbers?.length}`)
    return numbers
  }
}

// Four words of 32 bits that depend on every character of a text (FNV-1a with four starting values).
function hashWords(text) {
  return [1, 2, 3, 4].map(word => {
    let hash = Math.imul(0x811c9dc5, word)
    for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193)
    return hash ^ (hash >>> 15)
  })
}
