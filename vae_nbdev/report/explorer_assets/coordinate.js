// The value of a slider over coordinates, with the minus sign of tables. tick: its number
return tick.toFixed(2).replace(/^-(?=0\.00$)/, '').replace('-', '−')
