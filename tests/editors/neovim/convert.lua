-- A workspace laid out from a headless Neovim, before a server runs and by the server, and a pair put into the other
-- style and back. The environment names the plugin, the server's binary, a pair in Neovim's folder, and another folder.

local plugin = os.getenv('FUSEWRIGHT_TEST_PLUGIN')
local server = os.getenv('FUSEWRIGHT_TEST_BINARY')
local pair = os.getenv('FUSEWRIGHT_TEST_PAIR')
local folder = os.getenv('FUSEWRIGHT_TEST_FOLDER')

local limit_ms = 30000
local told = {}
vim.notify = function(text)
  told[#told + 1] = text
end

local function await(what, condition)
  if not vim.wait(limit_ms, condition, 20) then
    error('waited in vain for ' .. what .. '\ntold:\n  ' .. table.concat(told, '\n  '))
  end
end

local function said(words)
  for _, line in ipairs(told) do
    if line:find(words, 1, true) then
      return true
    end
  end
end

local function closed()
  return vim.fn.search('^# </TRITON>$', 'nw') ~= 0
end

local function run()
  vim.opt.runtimepath:prepend(plugin)
  vim.g.fusewright = { cmd = { server, 'server' } }
  vim.cmd('runtime plugin/fusewright.lua')
  vim.cmd('filetype on')
  vim.cmd('FusewrightInit')
  assert(said('laid out a workspace in ' .. vim.fn.getcwd()), table.concat(told, '\n'))
  assert(require('fusewright.client').get(0) == nil, 'no server was needed for it')

  vim.cmd('edit ' .. vim.fn.fnameescape(pair))
  local bufnr = vim.api.nvim_get_current_buf()
  await('the server', function()
    return require('fusewright.client').get(bufnr) ~= nil
  end)
  vim.cmd('FusewrightInit ' .. vim.fn.fnameescape(folder))
  await('the workspace', function()
    return vim.fn.filereadable(folder .. '/triton_training_data/fusion_ideas.txt') == 1
  end)

  assert(closed())
  vim.cmd('FusewrightConvert')
  await('the word of the open style', function()
    return said('the open style now')
  end)
  assert(not closed())
  vim.cmd('FusewrightConvert')
  await('the word of the closed style', function()
    return said('the closed style now')
  end)
  assert(closed())
  vim.cmd('silent write')
end

local ok, problem = pcall(run)
if not ok then
  io.stderr:write(tostring(problem) .. '\n')
  vim.cmd('cquit! 1')
end
vim.cmd('qall!')
